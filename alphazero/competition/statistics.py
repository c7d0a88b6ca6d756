"""What the games of a matchup add up to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alphazero.competition.record import End, GameResult
from alphazero.evaluation import elo as ratings


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Games and what a player made of them."""

    games: int
    points: float
    """Wins, and half of the jigos; games of unknown result give nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One player's part of a matchup."""

    code: str
    total: Tally
    black: Tally
    """Games in which it had Black. gomill counts half a point for every jigo in both colours' columns; here a
    jigo counts for the colour that the player had."""
    white: Tally
    forfeits: int
    """Games that it lost by forfeit."""
    cpu_s: float | None
    """Mean over the games where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """Player 1's rating less player 2's."""

    elo: ratings.Estimate
    num_pairs: int | None
    """Complete pairs of games that it comes from; None if it comes from single games."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Of a matchup's games, which there may be none of."""

    sides: tuple[Side, Side]
    games: int
    unknown: int
    """Without a result: at the move limit, or nobody could score them."""
    jigos: int
    distinct: int
    """Games that differ in at least one move."""
    black_points: float
    white_points: float
    rating: Rating | None
    """None where no game, or no pair of games, has a result."""

    @property
    def is_alternating(self) -> bool:
        """Whether the players have had both colours, going by the games."""
        first, second = self.sides
        return bool((first.white.games or second.black.games) and (first.black.games or second.white.games))


def gather(results: Sequence[GameResult], codes: tuple[str, str], *, in_pairs: bool) -> Statistics:
    """Statistics of games between these two.

    in_pairs: games 2k and 2k+1 have the same opening and belong together.
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


def _side(results: Sequence[GameResult], code: str) -> Side:
    black = [game for game in results if game.black == code]
    white = [game for game in results if game.white == code]
    times = [game.cpu_s.get("b") for game in black] + [game.cpu_s.get("w") for game in white]
    known_times = [time for time in times if time is not None]
    return Side(
        code=code,
        total=_tally([*black, *white], code),
        black=_tally(black, code),
        white=_tally(white, code),
        forfeits=sum(_is_forfeit_of(game, code) for game in results),
        cpu_s=sum(known_times) / len(known_times) if known_times else None,
    )


def _tally(games: Sequence[GameResult], code: str) -> Tally:
    return Tally(games=len(games), points=sum(game.points(code) for game in games))


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
