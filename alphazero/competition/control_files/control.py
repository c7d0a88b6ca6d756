"""Reader of control files, gomill's (.ctl) and ours (.yaml), into `settings.Competition`."""

import difflib
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from alphazero.competition.control_files import (
    ctl,
    pairings,
    player_settings,
    setting_entries,
    settings,
    sourced,
    yaml_text,
)
from alphazero.competition.control_files.setting_entries import SettingEntry, Table
from alphazero.config import mistakes

_MOST_BYTES = 2**18
_CLOSE = 0.8  # similarity from which a name counts as a misspelt setting
_MOST_SEED = 2**32 - 1
_COMMON: dict[str, setting_entries.Converter[Any]] = {
    "description": setting_entries.optional(setting_entries.text, ""),
    "record_games": setting_entries.flag,
    "stderr_to_log": setting_entries.flag,
    "skip_player_checks": setting_entries.flag,
    "seed": setting_entries.whole(0, _MOST_SEED),
}
_KNOWN: dict[settings.CompetitionKind, tuple[str, ...]] = {
    kind: ("competition_type", "players", *_COMMON, *others)
    for kind, others in (
        (settings.CompetitionKind.playoff, ("matchups", *pairings.DEFAULTS)),
        (settings.CompetitionKind.allplayall, ("competitors", "rounds", *pairings.COMMON)),
    )
}
"""Settings that each kind of competition accepts."""


def read(path: Path) -> settings.Competition:
    """Reads a control file; raises ValueError "FILE: line N: ..." or "FILE: SETTING: ..." if it is invalid.

    Relative paths are relative to the file's folder. Files that it names are not opened.
    """
    try:
        text = _text(path)
        folder = path.absolute().parent
        if path.suffix == ".ctl":
            script = ctl.parse(text)
            return _competition(script.values, folder, variables=script.used, is_program=True)
        source = yaml_text.parse(text)
        if not isinstance(source.value, dict):
            raise sourced.mistake(source.line, "a control file must be a mapping of settings")
        return _competition(source.value, folder)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _text(path: Path) -> str:
    if path.suffix not in (".ctl", ".yaml", ".yml"):
        raise ValueError("the name of a control file must end in .ctl, .yaml or .yml")
    with path.open("rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ValueError(f"a control file must not be larger than {_MOST_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise sourced.mistake(line, "not UTF-8 text") from None


def _competition(
    values: Mapping[Any, sourced.Sourced],
    folder: Path,
    *,
    variables: Container[str] = (),
    is_program: bool = False,
) -> settings.Competition:
    """variables: names from which a program's other values are computed."""
    kind = _kind(values)
    top = _settings(values, kind, variables, is_program=is_program)
    if "players" not in top:
        raise ValueError("players: missing; must be a mapping of codes to players")
    players = player_settings.read(top["players"], folder)
    if kind is settings.CompetitionKind.playoff:
        competitors, matchups = (), pairings.playoff(top, players, folder)
    else:
        competitors, matchups = pairings.all_play_all(top, players, folder)
    taking_part = {code for match in matchups for code in (match.player_1, match.player_2, match.openings)}
    return settings.Competition(
        kind=kind,
        players={code: player for code, player in players.items() if code in taking_part},
        matchups=matchups,
        competitors=competitors,
        **setting_entries.convert(top, _COMMON),
    )


def _kind(values: Mapping[Any, sourced.Sourced]) -> settings.CompetitionKind:
    if "competition_type" not in values:
        raise ValueError("competition_type: missing; must be playoff or allplayall")
    return setting_entries.choice(settings.CompetitionKind)(
        SettingEntry("competition_type", values["competition_type"])
    )


def _settings(
    values: Mapping[Any, sourced.Sourced],
    kind: settings.CompetitionKind,
    variables: Container[str],
    *,
    is_program: bool,
) -> Table:
    """The known settings; raises ValueError for other names.

    A program may also assign names that it uses and names that do not resemble a setting.
    """
    known = _KNOWN[kind]
    for name, source in values.items():
        if name in known or name in variables:
            continue
        text = _unknown(name, kind, is_program=is_program)
        if text:
            raise sourced.mistake(source.line, text)
    return {name: SettingEntry(name, source) for name, source in values.items() if name in known}


def _unknown(name: object, kind: settings.CompetitionKind, *, is_program: bool) -> str:
    """The error message for a name that is not a setting; empty if the name is allowed."""
    if not isinstance(name, str) or not name.isidentifier():
        return f"{sourced.shown(name)} is not the name of a setting"
    owners = [other.value for other in settings.CompetitionKind if name in _KNOWN[other]]
    if owners:
        return f"{name}: a setting of {owners[0]}, not of {kind.value}"
    if not is_program:
        return mistakes.unknown_key(name, _KNOWN[kind])
    close = _closest(name, _KNOWN[kind])
    return f"{name}: not a setting, and not used; did you mean {close}?" if close else ""


def _closest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=_CLOSE)
    return close[0] if close else ""
