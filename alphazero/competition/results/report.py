"""Reports of a competition: gomill's text with ratings added, and the same facts as JSON."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from alphazero.competition.control_files import pairings, settings
from alphazero.competition.results import standings, tables
from alphazero.competition.results.record import GameResult
from alphazero.competition.results.standings import Standing
from alphazero.competition.results.statistics import PlayerStatistics, Rating, Statistics
from alphazero.competition.results.tables import Column, Group


def text(
    competition: settings.Competition,
    results: Sequence[GameResult],
    descriptions: Mapping[str, str],
    *,
    name: str,
) -> str:
    """The report as text. name: of the control file. descriptions: of players, by code.

    Raises ValueError if games of a matchup are not between its players.
    """
    found = standings.gather(competition, results)
    blocks = [[f"{competition.kind.value}: {name}"]]
    if competition.description:
        blocks[0].append(competition.description)
    if competition.kind is settings.CompetitionKind.allplayall:
        blocks += [[_progress(competition, found)], grid(competition, found)]
    blocks += [_block(standing) for standing in found if standing.statistics.games]
    blocks.append([f"player {code}: {description}" for code, description in sorted(descriptions.items())])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def as_json(
    competition: settings.Competition,
    results: Sequence[GameResult],
    descriptions: Mapping[str, str],
    *,
    name: str,
) -> dict[str, Any]:
    """The content of `text` as plain values, and matchups without games. Infinite bounds are None."""
    found = standings.gather(competition, results)
    return {
        "competition": name,
        "competition_type": competition.kind.value,
        "description": competition.description,
        "games": sum(standing.statistics.games for standing in found),
        "expected_games": competition.num_games,
        "competitors": list(competition.competitors),
        "matchups": [_matchup_json(standing) for standing in found],
        "descriptions": dict(sorted(descriptions.items())),
    }


def grid(competition: settings.Competition, found: Sequence[Standing]) -> list[str]:
    """Wins and losses of an all-play-all's competitors, rows against columns."""
    codes = competition.competitors
    letters = [pairings.letters(index) for index in range(len(codes))]
    scores = {}
    for standing in found:
        first, second = standing.statistics.sides
        wins, losses = _points(first.total.points), _points(second.total.points)
        if standing.matchup is not None:
            scores[first.code, second.code] = f"{wins}-{losses}"
            scores[second.code, first.code] = f"{losses}-{wins}"
    groups = [Group("", (Column(letters),)), Group("", (Column(codes),))]
    for letter, other in zip(letters, codes, strict=True):
        cells = [scores.get((code, other), "") for code in codes]
        groups.append(Group(f" {letter}", (Column(cells),)))
    return tables.render(groups)


def _progress(competition: settings.Competition, found: Sequence[Standing]) -> str:
    games = sum(standing.statistics.games for standing in found)
    expected = competition.num_games
    return f"{games} games played" if expected is None else f"{games}/{expected} games played"


def _block(standing: Standing) -> list[str]:
    """gomill's lines of a matchup, then ours: the number of distinct games, and the rating."""
    matchup, stats = standing.matchup, standing.statistics
    limit = None if matchup is None else matchup.number_of_games
    lines = [f"{standing.name} ({stats.games}{'' if limit is None else f'/{limit}'} games)"]
    if stats.unknown:
        lines.append(f"unknown results: {stats.unknown} {_percent(stats.unknown, stats.games)}")
    lines.append("?? (missing from control file)" if matchup is None else _details(matchup.game))
    lines += tables.render(_table(stats))
    lines.append(f"distinct games: {stats.distinct}/{stats.games}")
    if stats.rating is not None:
        lines.append(_rating_line(stats, stats.rating))
    return lines


def _details(game: settings.GameSettings) -> str:
    parts = [f"board size: {game.board_size}"]
    if game.handicap is not None:
        parts.append(f"handicap: {game.handicap} ({game.handicap_style.value})")
    return "   ".join([*parts, f"komi: {game.komi}"])


def _table(stats: Statistics) -> list[Group]:
    sides, is_alternating = stats.sides, stats.is_alternating
    shares = [_percent(side.total.points, stats.games) for side in sides]
    groups = [
        Group("", (Column([side.code for side in sides], gap=3),)),
        Group("wins", (Column([_points(side.total.points) for side in sides], to_right=True),)),
        Group("", (Column(shares, to_right=True, gap=7 if is_alternating else 3),)),
    ]
    if is_alternating:
        groups += [_color_group(stats, "black", gap=5), _color_group(stats, "white", gap=3)]
    else:
        has_black = [side.black.games > 0 for side in sides]
        groups.append(Group("", (Column(["(black)" if black else "(white)" for black in has_black]),)))
    if any(side.forfeits for side in sides):
        groups.append(Group("forfeits", (Column([str(side.forfeits) for side in sides], to_right=True),)))
    if any(side.cpu_s for side in sides):
        groups.append(Group("avg cpu", (Column([_cpu(side) for side in sides], to_right=True, gap=2),)))
    return groups


def _color_group(stats: Statistics, color: str, gap: int) -> Group:
    """The points of both players with one colour, and below them the points of the colour in all games."""
    tallies = [side.black if color == "black" else side.white for side in stats.sides]
    points = stats.black_points if color == "black" else stats.white_points
    counts = [*(_points(tally.points) for tally in tallies), _points(points)]
    shares = [*(_percent(tally.points, tally.games) for tally in tallies), _percent(points, stats.games)]
    return Group(color, (Column(counts), Column(shares, to_right=True, gap=gap)))


def _rating_line(stats: Statistics, rating: Rating) -> str:
    first, second = stats.sides
    pairs = "" if rating.num_pairs is None else f", from pairs of games: {rating.num_pairs}"
    return f"{first.code} against {second.code}: {rating.elo}{pairs}"


def _points(points: float) -> str:
    return f"{points:.1f}".removesuffix(".0")


def _percent(part: float, whole: int) -> str:
    return f"{100 * part / whole:.2f}%" if whole else "--"


def _cpu(side: PlayerStatistics) -> str:
    return f"{side.cpu_s:7.2f}" if side.cpu_s is not None else "   ----"


def _matchup_json(standing: Standing) -> dict[str, Any]:
    matchup, stats = standing.matchup, standing.statistics
    codes = [side.code for side in stats.sides]
    return {
        "id": standing.id,
        "name": standing.name,
        "player_1": codes[0],
        "player_2": codes[1],
        "settings": None if matchup is None else _settings_json(matchup),
        "games": stats.games,
        "distinct_games": stats.distinct,
        "unknown_results": stats.unknown,
        "jigos": stats.jigos,
        "black_wins": stats.black_points,
        "white_wins": stats.white_points,
        "players": {side.code: _side_json(side) for side in stats.sides},
        "rating": None if stats.rating is None else _rating_json(stats.rating),
    }


def _settings_json(matchup: settings.Matchup) -> dict[str, Any]:
    game = msgspec.to_builtins(matchup.game)
    own = {
        name: getattr(matchup, name)
        for name in ("alternating", "number_of_games", "openings", "opening_plies")
    }
    return game | own


def _side_json(side: PlayerStatistics) -> dict[str, Any]:
    colors = {"total": side.total, "black": side.black, "white": side.white}
    tallies = {name: {"games": tally.games, "wins": tally.points} for name, tally in colors.items()}
    return {**tallies, "forfeits": side.forfeits, "average_cpu_s": side.cpu_s}


def _rating_json(rating: Rating) -> dict[str, Any]:
    low, high = (bound if math.isfinite(bound) else None for bound in (rating.elo.low, rating.elo.high))
    return {"elo": rating.elo.elo, "low": low, "high": high, "pairs": rating.num_pairs}
