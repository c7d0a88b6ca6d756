"""The matchups of a control file: those that a playoff lists, and those that an all-play-all has."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alphazero.competition import entries, roster, settings
from alphazero.competition.entries import Entry, Table
from alphazero.engine import handicap
from alphazero.go import rules

Players = Mapping[str, settings.Player]

COMMON: dict[str, entries.Converter[Any]] = {
    "board_size": entries.whole(2, 19, " (gomill's sizes above 19 are not played here)"),
    "komi": entries.komi,
    "move_limit": entries.whole(1),
    "scorer": entries.choice(settings.Scorer),
    "internal_scorer_handicap_compensation": entries.choice(settings.Compensation),
    "move_time_limit_s": entries.seconds,
    "game_time_limit_s": entries.optional(entries.seconds),
    "late": entries.choice(settings.Late),
    "openings": entries.optional(entries.line, ""),
    "opening_plies": entries.whole(1, rules.MOST_KOMI),
}
"""What every matchup may say of its games."""
DEFAULTS = COMMON | {
    "handicap": entries.optional(entries.whole(2)),
    "handicap_style": entries.choice(settings.HandicapStyle),
    "alternating": entries.flag,
    "number_of_games": entries.optional(entries.whole(0)),
}
"""What a playoff's matchup may say, and the playoff itself for all that do not."""
_OWN: dict[str, entries.Converter[Any]] = {
    "id": entries.optional(entries.identifier),
    "name": entries.optional(entries.line),
}
_PLAYERS = ("player_1", "player_2", "players")
_OF_MATCHUP = ("alternating", "number_of_games", "openings", "opening_plies")
_REQUIRED = ("board_size", "komi")
_MOST_COMPETITORS = 26 * 27


def playoff(top: Table, players: Players, folder: Path) -> tuple[settings.Matchup, ...]:
    """The listed matchups, with the file's own settings where they have none."""
    if "matchups" not in top:
        raise ValueError("matchups: missing; a playoff has a list of Matchup(...)")
    defaults = {name: entry for name, entry in top.items() if name in DEFAULTS}
    entries.convert(defaults, DEFAULTS)  # also those that no matchup relies on
    matchups: dict[str, settings.Matchup] = {}
    for number, entry in enumerate(entries.items(top["matchups"])):
        matchup = _listed(entry, number, defaults, players, folder)
        if matchup.id in matchups:
            raise entry.mistake(f"its id {matchup.id!r} is another matchup's already")
        matchups[matchup.id] = matchup
    if not matchups:
        raise top["matchups"].must_be("a list that is not empty")
    return tuple(matchups.values())


def all_play_all(
    top: Table, players: Players, folder: Path
) -> tuple[tuple[str, ...], tuple[settings.Matchup, ...]]:
    """Competitors in the file's order, and a matchup for each two of them."""
    if "competitors" not in top:
        raise ValueError("competitors: missing; an allplayall has a list of players")
    codes: list[str] = []
    for entry in entries.items(top["competitors"]):
        code = _code(entry, players)
        if code in codes:
            raise entry.mistake(f"{code} is a competitor already")
        codes.append(code)
    if not 2 <= len(codes) <= _MOST_COMPETITORS:
        raise top["competitors"].must_be(f"a list of 2 to {_MOST_COMPETITORS} players")
    table = {name: entry for name, entry in top.items() if name in COMMON}
    rounds = entries.convert(top, {"rounds": DEFAULTS["number_of_games"]}).get("rounds")
    values = _values(table, "", players, folder) | {"alternating": True, "number_of_games": rounds}
    pairs = itertools.combinations(((letters(i), code) for i, code in enumerate(codes)), 2)
    return tuple(codes), tuple(
        _matchup(f"{a}v{b}", None, (code_a, code_b), values) for (a, code_a), (b, code_b) in pairs
    )


def letters(index: int) -> str:
    """gomill's letters of a competitor: A to Z, then AA, AB, ... ZZ."""
    first, last = divmod(index, 26)
    return (chr(ord("A") + first - 1) if first else "") + chr(ord("A") + last)


def _listed(entry: Entry, number: int, defaults: Table, players: Players, folder: Path) -> settings.Matchup:
    if not isinstance(entry.value, dict) or entry.source.maker not in ("", "Matchup"):
        raise entry.must_be("a Matchup(...) or a mapping of its settings")
    own = entries.table(entry, (*_PLAYERS, *_OWN, *DEFAULTS))
    codes = _codes(entry, own, players)
    named = entries.convert(own, _OWN)
    table = defaults | {name: value for name, value in own.items() if name in DEFAULTS}
    values = _values(table, f"{entry.place}.", players, folder)
    if values.get("openings") and not values.get("alternating"):
        raise table["openings"].mistake("go with alternating colours only: each is played twice")
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


def _values(table: Table, prefix: str, players: Players, folder: Path) -> dict[str, Any]:
    """Settings of a matchup, checked one by one and together. prefix: of places, for what is missing."""
    for name in _REQUIRED:
        if name not in table:
            raise ValueError(f"{prefix}{name}: missing; every matchup needs one, its own or the file's")
    values = entries.convert(table, DEFAULTS)
    if values.get("handicap"):
        _check_handicap(table["handicap"], values)
    if values.get("openings"):
        values["openings"] = _openings(table["openings"], players, folder)
        if values.get("handicap"):
            raise table["openings"].mistake("go without a handicap only: Black begins them")
    return values


def _check_handicap(entry: Entry, values: Mapping[str, Any]) -> None:
    size, style = values["board_size"], values.get("handicap_style", settings.HandicapStyle.fixed)
    is_fixed = style is settings.HandicapStyle.fixed
    most = handicap.most_fixed_stones(size) if is_fixed else size**2 - 1
    if entry.value > most:
        allowed = f"None or from 2 to {most}" if most else "None"
        raise entry.must_be(f"{allowed} for a {style.value} handicap on a {size}x{size} board")


def _openings(entry: Entry, players: Players, folder: Path) -> str:
    """The code of a player with weights, or a folder."""
    if entry.value in players:
        if not players[entry.value].weights:
            raise entry.must_be("a folder of SGF files or a player with weights")
        return entry.value
    path = roster.path_text(entry.value, folder)
    if not Path(path).is_dir():
        raise entry.must_be("a folder of SGF files or a player with weights")
    return path


def _codes(entry: Entry, own: Table, players: Players) -> tuple[str, str]:
    """The two players, one by one or as a list."""
    if "players" in own:
        if "player_1" in own or "player_2" in own:
            raise own["players"].mistake("stands for player_1 and player_2, which are there as well")
        pair = entries.items(own["players"])
    else:
        pair = [own[name] for name in ("player_1", "player_2") if name in own]
    if len(pair) != 2:
        raise entry.mistake("must name two players")
    first, second = (_code(part, players) for part in pair)
    if first == second:
        raise entry.mistake(f"{first} cannot meet itself; give the same command a second code")
    return first, second


def _code(entry: Entry, players: Players) -> str:
    if not isinstance(entry.value, str) or entry.value not in players:
        raise entry.must_be(f"a player's code; there are {_listing(players)}")
    return entry.value


def _listing(players: Players) -> str:
    codes = list(players)
    return ", ".join(codes[:10]) + (f" and {len(codes) - 10} more" if len(codes) > 10 else "")
