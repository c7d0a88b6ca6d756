"""Reads control files, gomill's own (.ctl) and ours (.yaml), into `settings.Competition`."""

import difflib
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from alphazero.competition import ctl, entries, pairings, roster, settings, sourced, yaml_text
from alphazero.competition.entries import Entry, Table
from alphazero.config import mistakes

_MOST_BYTES = 2**18
_CLOSE = 0.8  # names this alike are not for different things
_MOST_SEED = 2**32 - 1
_COMMON: dict[str, entries.Converter[Any]] = {
    "description": entries.optional(entries.text, ""),
    "record_games": entries.flag,
    "stderr_to_log": entries.flag,
    "skip_player_checks": entries.flag,
    "seed": entries.whole(0, _MOST_SEED),
}
_KNOWN: dict[settings.Kind, tuple[str, ...]] = {
    kind: ("competition_type", "players", *_COMMON, *others)
    for kind, others in (
        (settings.Kind.playoff, ("matchups", *pairings.DEFAULTS)),
        (settings.Kind.allplayall, ("competitors", "rounds", *pairings.COMMON)),
    )
}
"""What each kind of competition may set."""


def read(path: Path) -> settings.Competition:
    """ValueError "FILE: line N: ..." or "FILE: SETTING: ..." for what cannot be played.

    Relative paths in it count from its folder; files that it names are not opened.
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
        raise sourced.mistake(line, "not text in UTF-8") from None


def _competition(
    values: Mapping[Any, sourced.Sourced],
    folder: Path,
    *,
    variables: Container[str] = (),
    is_program: bool = False,
) -> settings.Competition:
    """variables: names that a program's own values are made of."""
    kind = _kind(values)
    top = _settings(values, kind, variables, is_program=is_program)
    if "players" not in top:
        raise ValueError("players: missing; a mapping of codes to players is needed")
    players = roster.read(top["players"], folder)
    if kind is settings.Kind.playoff:
        competitors, matchups = (), pairings.playoff(top, players, folder)
    else:
        competitors, matchups = pairings.all_play_all(top, players, folder)
    taking_part = {code for match in matchups for code in (match.player_1, match.player_2, match.openings)}
    return settings.Competition(
        kind=kind,
        players={code: player for code, player in players.items() if code in taking_part},
        matchups=matchups,
        competitors=competitors,
        **entries.convert(top, _COMMON),
    )


def _kind(values: Mapping[Any, sourced.Sourced]) -> settings.Kind:
    if "competition_type" not in values:
        raise ValueError("competition_type: missing; must be playoff or allplayall")
    return entries.choice(settings.Kind)(Entry("competition_type", values["competition_type"]))


def _settings(
    values: Mapping[Any, sourced.Sourced],
    kind: settings.Kind,
    variables: Container[str],
    *,
    is_program: bool,
) -> Table:
    """The known ones; of the others, a program may have those that it uses or that look like no mistake."""
    known = _KNOWN[kind]
    for name, source in values.items():
        if name in known or name in variables:
            continue
        text = _unknown(name, kind, is_program=is_program)
        if text:
            raise sourced.mistake(source.line, text)
    return {name: Entry(name, source) for name, source in values.items() if name in known}


def _unknown(name: object, kind: settings.Kind, *, is_program: bool) -> str:
    """What is wrong about a name that is no setting; empty for nothing."""
    if not isinstance(name, str) or not name.isidentifier():
        return f"{sourced.shown(name)} is no name of a setting"
    owners = [other.value for other in settings.Kind if name in _KNOWN[other]]
    if owners:
        return f"{name}: a setting of {owners[0]}, not of {kind.value}"
    if not is_program:
        return mistakes.unknown_key(name, _KNOWN[kind])
    close = _closest(name, _KNOWN[kind])
    return f"{name}: no setting, and not used; did you mean {close}?" if close else ""


def _closest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=_CLOSE)
    return close[0] if close else ""
