"""Statistics of the games of a matchup."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alphazero.competition.results.record import End, GameResult
from alphazero.evaluation import ratings


@dataclass(frozen=True, slots=True, kw_only=True)
class GamePoints:
    """A number of games and a player's points in them."""

    games: int
    points: float
    """Wins plus half the jigos; games of unknown result give no points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerStatistics:
    """One player's part of a matchup."""

    code: str
    total: GamePoints
    black: GamePoints
    """Games with Black. gomill counts half a point for every jigo in the columns of both colours; here a jigo
    counts only for the player's colour in that game."""
    white: GamePoints
    forfeits: int
    """Games lost by forfeit."""
    cpu_s: float | None
    """Mean CPU time of the games in which it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """Player 1's rating minus player 2's."""

    elo: ratings.Estimate
    num_pairs: int | None
    """Number of complete pairs of games used; None if it is estimated from single games."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Statistics of a matchup, which may have no games."""

    sides: tuple[PlayerStatistics, PlayerStatistics]
    games: int
    unknown: int
    """Games without a result: stopped at the move limit, or not scored."""
    jigos: int
    distinct: int
    """Games that differ from each other in at least one move."""
    black_points: float
    white_points: float
    rating: Rating | None
    """None if no game, or no pair of games, has a result."""

    @property
    def is_alternating(self) -> bool:
        """Whether both players had both colours in the games."""
        first, second = self.sides
        return bool((first.white.games or second.black.games) and (first.black.games or second.white.games))


def gather(results: Sequence[GameResult], codes: tuple[str, str], *, in_pairs: bool) -> Statistics:
    """Statistics of the games between two players.

    in_pairs: games 2k and 2k+1 have the same opening and form a pair.
    """
    known = [game for game in results if game.is_known]
    return Statistics(
        sides=(_side(results, codes[0]), _side(results, codes[1])),
        games=len(results),
        unknown=len(results) - len(known),
        jigos=sum(game.is_jigo for game in known),
        distinct=len({game.moves_sha256 for game in results}),
        black_points=sum(game.points(game.black) for game in results),
        white_points=sum(game.points(game.white) for game in results),
        rating=_rating_of_pairs(known, codes[0]) if in_pairs else _rating(known, codes[0]),
    )


def _side(results: Sequence[GameResult], code: str) -> PlayerStatistics:
    black = [game for game in results if game.black == code]
    white = [game for game in results if game.white == code]
    times = [game.cpu_s.get("b") for game in black] + [game.cpu_s.get("w") for game in white]
    known_times = [time for time in times if time is not None]
    return PlayerStatistics(
        code=code,
        total=_game_points([*black, *white], code),
        black=_game_points(black, code),
        white=_game_points(white, code),
        forfeits=sum(_is_forfeit_of(game, code) for game in results),
        cpu_s=sum(known_times) / len(known_times) if known_times else None,
    )


def _game_points(games: Sequence[GameResult], code: str) -> GamePoints:
    return GamePoints(games=len(games), points=sum(game.points(code) for game in games))


def _is_forfeit_of(game: GameResult, code: str) -> bool:
    return game.end is End.forfeit and game.winner is not None and game.points(code) == 0


def _rating(known: Iterable[GameResult], code: str) -> Rating | None:
    points = [game.points(code) for game in known]
    if not points:
        return None
    elo = ratings.from_games(points.count(1), points.count(0.5), points.count(0))
    return Rating(elo=elo, num_pairs=None)


def _rating_of_pairs(known: Iterable[GameResult], code: str) -> Rating | None:
    points = {game.number: game.points(code) for game in known}
    pairs = [
        points[number] + points[number + 1]
        for number in sorted(points)
        if number % 2 == 0 and number + 1 in points
    ]
    return Rating(elo=ratings.from_pairs(pairs), num_pairs=len(pairs)) if pairs else None
