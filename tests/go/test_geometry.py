"""Tests of the tables of a board size."""

import numpy as np
import pytest

from alphazero.go import geometry


def test_neighbors_of_3x3():
    # 6 7 8
    # 3 4 5
    # 0 1 2     9 is off the board
    around = [set(row) for row in geometry.make(3).neighbors.tolist()]
    assert around[0] == {1, 3, 9}
    assert around[1] == {0, 2, 4, 9}
    assert around[4] == {1, 3, 5, 7}
    assert around[5] == {2, 4, 8, 9}
    assert around[8] == {5, 7, 9}


@pytest.mark.parametrize("size", [1, 2, 9, 19])
def test_neighbors_are_mutual(size):
    neighbors = geometry.make(size).neighbors
    pairs = {(p, int(q)) for p in range(size * size) for q in neighbors[p] if q < size * size}
    assert len(pairs) == 4 * size * (size - 1)
    assert pairs == {(q, p) for p, q in pairs}


def test_zobrist_numbers_differ_and_are_zero_for_empty_points():
    zobrist = geometry.make(19).zobrist
    assert not zobrist[0].any()
    assert len(np.unique(zobrist[1:])) == 2 * 361
    # Positions are compared across machines and versions.
    assert zobrist[1, 0] == geometry.make(19).zobrist[1, 0] == geometry.make(2).zobrist[1, 0]


def test_tables_are_shared_and_cannot_be_changed():
    tables = geometry.make(5)
    assert geometry.make(5) is tables
    with pytest.raises(ValueError, match="read-only"):
        tables.neighbors[0, 0] = 1
