"""The matchups of a control file: the list of a playoff, or all pairs of an all-play-all."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alphazero.competition.control_files import player_settings, setting_entries, settings
from alphazero.competition.control_files.setting_entries import SettingEntry, Table
from alphazero.go import handicap, rules

Players = Mapping[str, settings.PlayerSettings]

COMMON: dict[str, setting_entries.Converter[Any]] = {
    "board_size": setting_entries.whole(2, 19, " (gomill's sizes above 19 are not played here)"),
    "komi": setting_entries.komi,
    "move_limit": setting_entries.whole(1),
    "scorer": setting_entries.choice(settings.Scorer),
    "internal_scorer_handicap_compensation": setting_entries.choice(settings.Compensation),
    "move_time_limit_s": setting_entries.seconds,
    "game_time_limit_s": setting_entries.optional(setting_entries.seconds),
    "late": setting_entries.choice(settings.Late),
    "openings": setting_entries.optional(setting_entries.line, ""),
    "opening_plies": setting_entries.whole(1, rules.MOST_KOMI),
}
"""Settings of games that every matchup has."""
DEFAULTS = COMMON | {
    "handicap": setting_entries.optional(setting_entries.whole(2)),
    "handicap_style": setting_entries.choice(settings.HandicapStyle),
    "alternating": setting_entries.flag,
    "number_of_games": setting_entries.optional(setting_entries.whole(0)),
}
"""Settings of a playoff's matchup; those of the playoff itself are the defaults."""
_OWN: dict[str, setting_entries.Converter[Any]] = {
    "id": setting_entries.optional(setting_entries.identifier),
    "name": setting_entries.optional(setting_entries.line),
}
_PLAYERS = ("player_1", "player_2", "players")
_OF_MATCHUP = ("alternating", "number_of_games", "openings", "opening_plies")
_REQUIRED = ("board_size", "komi")
_MOST_COMPETITORS = 26 * 27


def playoff(top: Table, players: Players, folder: Path) -> tuple[settings.Matchup, ...]:
    """The listed matchups, with the file's settings as defaults."""
    if "matchups" not in top:
        raise ValueError("matchups: missing; must be a list of Matchup(...)")
    defaults = {name: entry for name, entry in top.items() if name in DEFAULTS}
    setting_entries.convert(defaults, DEFAULTS)  # checks also defaults that no matchup uses
    matchups: dict[str, settings.Matchup] = {}
    for number, entry in enumerate(setting_entries.items(top["matchups"])):
        matchup = _listed(entry, number, defaults, players, folder)
        if matchup.id in matchups:
            raise entry.mistake(f"the id {matchup.id!r} belongs to another matchup")
        matchups[matchup.id] = matchup
    if not matchups:
        raise top["matchups"].must_be("a non-empty list")
    return tuple(matchups.values())


def all_play_all(
    top: Table, players: Players, folder: Path
) -> tuple[tuple[str, ...], tuple[settings.Matchup, ...]]:
    """Competitors in the file's order, and a matchup for each pair of them."""
    if "competitors" not in top:
        raise ValueError("competitors: missing; must be a list of players")
    codes: list[str] = []
    for entry in setting_entries.items(top["competitors"]):
        code = _code(entry, players)
        if code in codes:
            raise entry.mistake(f"{code} is listed twice")
        codes.append(code)
    if not 2 <= len(codes) <= _MOST_COMPETITORS:
        raise top["competitors"].must_be(f"a list of 2 to {_MOST_COMPETITORS} players")
    entries = {name: entry for name, entry in top.items() if name in COMMON}
    rounds = setting_entries.convert(top, {"rounds": DEFAULTS["number_of_games"]}).get("rounds")
    values = _values(entries, "", players, folder) | {"alternating": True, "number_of_games": rounds}
    pairs = itertools.combinations(((letters(i), code) for i, code in enumerate(codes)), 2)
    return tuple(codes), tuple(
        _matchup(f"{a}v{b}", None, (code_a, code_b), values) for (a, code_a), (b, code_b) in pairs
    )


def letters(index: int) -> str:
    """gomill's letters for a competitor: A to Z, then AA, AB, ... ZZ."""
    first, last = divmod(index, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + last)


def _listed(
    entry: SettingEntry, number: int, defaults: Table, players: Players, folder: Path
) -> settings.Matchup:
    if not isinstance(entry.value, dict) or entry.source.maker not in ("", "Matchup"):
        raise entry.must_be("a Matchup(...) or a mapping of its settings")
    own = setting_entries.table(entry, (*_PLAYERS, *_OWN, *DEFAULTS))
    codes = _codes(entry, own, players)
    named = setting_entries.convert(own, _OWN)
    entries = defaults | {name: value for name, value in own.items() if name in DEFAULTS}
    values = _values(entries, f"{entry.place}.", players, folder)
    if values.get("openings") and not values.get("alternating"):
        raise entries["openings"].mistake("requires alternating = True, as each opening is played twice")
    return _matchup(named.get("id") or str(number), named.get("name"), codes, values)


def _matchup(
    matchup_id: str, name: str | None, codes: tuple[str, str], values: Mapping[str, Any]
) -> settings.Matchup:
    own = {key: value for key, value in values.items() if key in _OF_MATCHUP}
    game = {key: value for key, value in values.items() if key not in _OF_MATCHUP}
    return settings.Matchup(
        id=matchup_id,
        name=name or f"{codes[0]} v {codes[1]}",
        player_1=codes[0],
        player_2=codes[1],
        game=settings.GameSettings(**game),
        **own,
    )


def _values(entries: Table, prefix: str, players: Players, folder: Path) -> dict[str, Any]:
    """Settings of a matchup, checked one by one and together. prefix: of the place in error messages."""
    for name in _REQUIRED:
        if name not in entries:
            raise ValueError(f"{prefix}{name}: missing; must be set for the matchup or the whole file")
    values = setting_entries.convert(entries, DEFAULTS)
    if values.get("handicap"):
        _check_handicap(entries["handicap"], values)
    if values.get("openings"):
        values["openings"] = _openings(entries["openings"], players, folder)
        if values.get("handicap"):
            raise entries["openings"].mistake("not allowed with a handicap, as Black moves first")
    return values


def _check_handicap(entry: SettingEntry, values: Mapping[str, Any]) -> None:
    size, style = values["board_size"], values.get("handicap_style", settings.HandicapStyle.fixed)
    is_fixed = style is settings.HandicapStyle.fixed
    most = handicap.most_fixed_stones(size) if is_fixed else size**2 - 1
    if entry.value > most:
        allowed = f"None or from 2 to {most}" if most else "None"
        raise entry.must_be(f"{allowed} for a {style.value} handicap on a {size}x{size} board")


def _openings(entry: SettingEntry, players: Players, folder: Path) -> str:
    """The code of a player with weights, or the path of a folder."""
    if entry.value in players:
        if not players[entry.value].weights:
            raise entry.must_be("a folder of SGF files or a player with weights")
        return entry.value
    path = player_settings.path_text(entry.value, folder)
    if not Path(path).is_dir():
        raise entry.must_be("a folder of SGF files or a player with weights")
    return path


def _codes(entry: SettingEntry, own: Table, players: Players) -> tuple[str, str]:
    """The codes of the two players, which are given one by one or as a list."""
    if "players" in own:
        if "player_1" in own or "player_2" in own:
            raise own["players"].mistake("not allowed with player_1 or player_2")
        pair = setting_entries.items(own["players"])
    else:
        pair = [own[name] for name in ("player_1", "player_2") if name in own]
    if len(pair) != 2:
        raise entry.mistake("must name two players")
    first, second = (_code(part, players) for part in pair)
    if first == second:
        raise entry.mistake(f"{first} cannot play itself; define a second player with the same command")
    return first, second


def _code(entry: SettingEntry, players: Players) -> str:
    if not isinstance(entry.value, str) or entry.value not in players:
        raise entry.must_be(f"the code of a player: {_listing(players)}")
    return entry.value


def _listing(players: Players) -> str:
    codes = list(players)
    return ", ".join(codes[:10]) + (f" and {len(codes) - 10} more" if len(codes) > 10 else "")
