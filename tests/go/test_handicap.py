"""Tests of handicap points, as diagrams of the protocol's order."""

import pytest

from alphazero.go import handicap

ORDERS = {  # (size, count) -> rows from the top; the n-th stone of the protocol as n
    (7, 4): """
        . . . . . . .
        . . . . . . .
        . . 3 . 2 . .
        . . . . . . .
        . . 1 . 4 . .
        . . . . . . .
        . . . . . . .
    """,
    (9, 5): """
        . . . . . . . . .
        . . . . . . . . .
        . . 3 . . . 2 . .
        . . . . . . . . .
        . . . . 5 . . . .
        . . . . . . . . .
        . . 1 . . . 4 . .
        . . . . . . . . .
        . . . . . . . . .
    """,
    (13, 8): """
        . . . . . . . . . . . . .
        . . . . . . . . . . . . .
        . . . . . . . . . . . . .
        . . . 3 . . 8 . . 2 . . .
        . . . . . . . . . . . . .
        . . . . . . . . . . . . .
        . . . 5 . . . . . 6 . . .
        . . . . . . . . . . . . .
        . . . . . . . . . . . . .
        . . . 1 . . 7 . . 4 . . .
        . . . . . . . . . . . . .
        . . . . . . . . . . . . .
        . . . . . . . . . . . . .
    """,
}


@pytest.mark.parametrize(("size", "count"), ORDERS)
def test_order(size, count):
    cells = [line.split() for line in ORDERS[size, count].split("\n") if line.strip()][::-1]
    placed = {name: y * size + x for y, row in enumerate(cells) for x, name in enumerate(row) if name != "."}
    assert handicap.fixed_points(size, count) == [placed[str(number)] for number in range(1, count + 1)]


@pytest.mark.parametrize(
    ("size", "most"), [(2, 0), (6, 0), (7, 4), (8, 4), (9, 9), (10, 4), (13, 9), (18, 4), (19, 9)]
)
def test_most_stones(size, most):
    assert handicap.most_fixed_stones(size) == most
    for count in range(2, most + 1):
        points = handicap.fixed_points(size, count)
        assert len(set(points)) == count
        assert all(0 <= point < size**2 for point in points)
    if most:
        # All points together do not change when the board is turned round.
        points = handicap.fixed_points(size, most)
        assert {size**2 - 1 - point for point in points} == set(points)
