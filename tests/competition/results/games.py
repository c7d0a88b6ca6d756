"""Competitions and results for the tests of reports."""

from alphazero.competition.control_files import settings
from alphazero.competition.results.record import End, GameResult


def played(matchup_id, number, black, white, result, **fields):
    """A game with this SGF result; "B+F" and "B+T" are forfeits."""
    ends = {
        "?": End.passes,
        "Void": End.limit,
        "0": End.passes,
        "R": End.resign,
        "F": End.forfeit,
        "T": End.forfeit,
    }
    values = {
        "game_id": f"{matchup_id}_{number}",
        "matchup_id": matchup_id,
        "number": number,
        "black": black,
        "white": white,
        "end": ends.get(result.partition("+")[2] or result, End.passes),
        "winner": {"B": "b", "W": "w"}.get(result[0]) if "+" in result else None,
        "result": result,
        "num_moves": 50,
        "moves_sha256": f"{matchup_id} {number}",
    }
    return GameResult(**(values | fields))


def matchup(matchup_id, codes, **fields):
    values = {
        "id": matchup_id,
        "name": f"{codes[0]} v {codes[1]}",
        "player_1": codes[0],
        "player_2": codes[1],
        "game": settings.GameSettings(board_size=9, komi=7.5),
    }
    return settings.Matchup(**(values | fields))


def competition(*matchups, kind=settings.CompetitionKind.playoff, **fields):
    codes = dict.fromkeys(code for match in matchups for code in (match.player_1, match.player_2))
    return settings.Competition(
        kind=kind,
        players={code: settings.PlayerSettings(code=code, command=("x",)) for code in codes},
        matchups=matchups,
        competitors=tuple(codes) if kind is settings.CompetitionKind.allplayall else (),
        **fields,
    )
