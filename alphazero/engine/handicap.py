"""Handicap stones of GTP 2 (section 4.1). Black's stones are set up, and White is to move."""

from collections.abc import Sequence

from alphazero.engine import protocol
from alphazero.go import play, rules

SMALLEST_BOARD = 7
"""Smaller boards have no points for handicap stones."""


def place_fixed(game: play.Game, count: int) -> str:
    """Sets up a fixed handicap; returns the names of its points."""
    if not 2 <= count <= most_fixed_stones(game.size):
        raise protocol.CommandError("invalid number of stones")
    return _place(game, fixed_points(game.size, count))


def place_free(game: play.Game, count: int) -> str:
    """Sets up a handicap of the engine's choice: the fixed one, with fewer stones if it has no more."""
    return place_fixed(game, min(count, most_fixed_stones(game.size)))


def place_named(game: play.Game, names: Sequence[str]) -> None:
    """Sets up at least two stones on points that the controller names."""
    try:
        points = [rules.parse_move(name, game.size) for name in names]
    except ValueError:
        raise protocol.CommandError("syntax error") from None
    if not 2 <= len(points) < game.size**2 or len(set(points)) < len(points) or game.size**2 in points:
        raise protocol.CommandError("bad vertex list")
    _place(game, points)


def most_fixed_stones(size: int) -> int:
    """Returns the largest fixed handicap of a board.

    - 9 stones on odd sizes above 7.
    - 4 stones on even sizes, which have no middle, and on 7x7, which is too small for more.
    - 0 stones below 7x7.
    """
    if size < SMALLEST_BOARD:
        return 0
    return 9 if size % 2 == 1 and size > SMALLEST_BOARD else 4


def fixed_points(size: int, count: int) -> list[int]:
    """Returns the points of a fixed handicap in the order of the protocol."""
    low = 3 if size >= 13 else 2
    middle, high = size // 2, size - 1 - low
    corners = [(low, low), (high, high), (low, high), (high, low)]
    sides = [(low, middle), (high, middle), (middle, low), (middle, high)]
    center = [(middle, middle)] if count in (5, 7, 9) else []
    places = (corners + sides)[: count - len(center)] + center
    return [y * size + x for x, y in places]


def _place(game: play.Game, points: list[int]) -> str:
    if game.moves or game.stones.any():
        raise protocol.CommandError("board not empty")
    game.set_up(points, [], rules.WHITE)
    return " ".join(rules.format_move(point, game.size) for point in points)
