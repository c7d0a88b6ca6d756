"""Points of fixed handicap stones (GTP 2, section 4.1)."""

SMALLEST_BOARD = 7
"""Smaller boards have no points for handicap stones."""


def most_fixed_stones(size: int) -> int:
    """The largest fixed handicap of a board.

    - 9 stones on odd sizes above 7.
    - 4 stones on even sizes, which have no middle, and on 7x7, which is too small for more.
    - 0 stones below 7x7.
    """
    if size < SMALLEST_BOARD:
        return 0
    return 9 if size % 2 == 1 and size > SMALLEST_BOARD else 4


def fixed_points(size: int, count: int) -> list[int]:
    """The points of a fixed handicap in the order of the protocol. count: 2 to `most_fixed_stones(size)`."""
    low = 3 if size >= 13 else 2
    middle, high = size // 2, size - 1 - low
    corners = [(low, low), (high, high), (low, high), (high, low)]
    sides = [(low, middle), (high, middle), (middle, low), (middle, high)]
    center = [(middle, middle)] if count in (5, 7, 9) else []
    places = (corners + sides)[: count - len(center)] + center
    return [y * size + x for x, y in places]
