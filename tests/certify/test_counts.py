"""Tests of the number of legal positions: enumeration of all boards with the kernels."""

import json

import numpy as np
import pytest

from alphazero.go import board, geometry, rules
from alphazero.jit import jit
from tests.go import positions

pytestmark = pytest.mark.slow

NUM_POSITIONS = {1: 1, 2: 57, 3: 12_675, 4: 24_318_165}
"""OEIS A094777 (Tromp and Farneback)."""


@jit
def count_positions(tables, position):
    """Number of boards from `position` on, in counting order, on which every stone has a liberty."""
    count = 0
    is_more = True
    while is_more:
        count += all_breathe(tables, position)
        is_more = next_board(position.stones[:], tables.num_points)
    return count


@jit
def all_breathe(tables, position):
    board.find_chains(tables, position)
    for point in range(tables.num_points):
        if position.stones[point] != rules.EMPTY and position.num_liberties[position.head[point]] == 0:
            return False
    return True


@jit
def next_board(stones, num_points):
    """Adds 1 to a board read as a number in base three, lowest digit first. False after the last board."""
    for point in range(num_points):
        if stones[point] < rules.WHITE:
            stones[point] += 1
            return True
        stones[point] = rules.EMPTY
    return False


def count(size):
    empty = np.full(size * size + 1, rules.EMPTY, np.int8)
    empty[-1] = rules.WALL
    return count_positions(geometry.make(size), positions.make_board(empty))


@pytest.mark.parametrize(("size", "expected"), NUM_POSITIONS.items())
def test_number_of_legal_positions(size, expected):
    assert count(size) == expected


def test_the_numbers_are_those_of_the_list(shared_data):
    counts = json.loads((shared_data / "legal_counts.json").read_text())
    listed, reachable = counts["legal_positions_nxn"], counts["reachable_from_empty_checked_here"]
    assert {int(size): listed[size] for size in listed if int(size) in NUM_POSITIONS} == NUM_POSITIONS
    # tests/go/test_legality.py checks that these are reached by playing.
    assert all(reachable[f"{size}x{size}"] == NUM_POSITIONS[size] for size in (2, 3))
