"""Tests of the eight symmetries: pictures, and the laws of their group."""

import itertools

import numpy as np
import pytest

from alphazero.go import symmetry

# 6 7 8    MOVES has the points to which each symmetry
# 3 4 5    moves A1, B1 and A2 of this board.
# 0 1 2
MOVES = {
    0: (0, 1, 3),
    1: (6, 7, 3),
    2: (2, 1, 5),
    3: (8, 7, 5),
    4: (0, 3, 1),
    5: (6, 3, 7),
    6: (2, 5, 1),
    7: (8, 5, 7),
}


@pytest.mark.parametrize(("s", "moved"), MOVES.items())
def test_permutations(s, moved):
    table = symmetry.permutations(3)[s]
    assert (table[0], table[1], table[3]) == moved
    assert table[4] == 4
    assert table[9] == 9


@pytest.mark.parametrize("size", [2, 5, 19])
def test_each_is_a_permutation_that_keeps_neighbors(size):
    table = symmetry.permutations(size)
    assert len({row.tobytes() for row in table}) == 8
    for row in table:
        assert sorted(row) == list(range(size * size + 1))
        y, x = np.divmod(row[:-1].reshape(size, size), size)
        assert (np.abs(np.diff(x, axis=0)) + np.abs(np.diff(y, axis=0)) == 1).all()
        assert (np.abs(np.diff(x, axis=1)) + np.abs(np.diff(y, axis=1)) == 1).all()


def test_they_are_a_group():
    table = symmetry.permutations(4)
    known = {row.tobytes() for row in table}
    assert all(first[second].tobytes() in known for first, second in itertools.product(table, table))


@pytest.mark.parametrize("s", range(symmetry.NUM_SYMMETRIES))
def test_inverse(s):
    values = np.random.default_rng(0).random((2, 26))
    back = symmetry.apply(symmetry.apply(values, s, 5), symmetry.inverse(s), 5)
    assert np.array_equal(back, values)
    assert np.array_equal(
        symmetry.permutations(5)[s][symmetry.permutations(5)[symmetry.inverse(s)]], np.arange(26)
    )


def test_apply_moves_points_and_actions():
    points = np.arange(9)
    assert symmetry.apply(points, 1, 3).tolist() == [6, 7, 8, 3, 4, 5, 0, 1, 2]
    assert symmetry.apply(np.arange(10), 2, 3).tolist() == [2, 1, 0, 5, 4, 3, 8, 7, 6, 9]
    assert symmetry.apply(points, 6, 3)[2] == 0
