"""Tests that games commute with the eight symmetries of the board and with an exchange of colours."""

import hypothesis
import hypothesis.strategies as st
import numpy as np

from alphazero.go import features, geometry, life, play, rules, symmetry
from tests.go import positions

EXCHANGED = np.array([rules.EMPTY, rules.WHITE, rules.BLACK, rules.WALL], np.int8)


def moved_game(seed, position, s, *, is_exchanged):
    """The game with its points moved by symmetry s, and with exchanged colours if is_exchanged."""
    moved = play.Game(seed.size, 0.0, ko=seed.ko, suicide=seed.suicide, capacity=positions.CAPACITY)
    permutation = symmetry.permutations(position.size)[s]
    for color, action in position.moves:
        moved.play(int(permutation[action]), 3 - color if is_exchanged else color)
    if not position.moves and is_exchanged:
        moved.to_play = rules.WHITE
    return moved


def planes_of(position):
    planes = np.zeros((features.NUM_PLANES, position.size**2), np.uint8)
    features.fill_planes(geometry.make(position.size), position.record, 0, planes)
    return planes


def settled_owner(position):
    """Owners [P] int8 of `life.settled_owner`."""
    num_points = position.size**2
    owner = np.zeros(num_points, np.int8)
    stones, scratch = position.record["stones"][0], life.make_scratch(num_points)
    life.settled_owner(geometry.make(position.size), stones, scratch, owner)
    return owner


def pass_alive(position, color, *, suicide):
    """Stones [P] bool of `life.pass_alive`."""
    num_points = position.size**2
    alive = np.zeros(num_points, np.bool_)
    stones, scratch = position.record["stones"][0], life.make_scratch(num_points)
    life.pass_alive(geometry.make(position.size), stones, scratch, color, suicide, alive)
    return alive


@hypothesis.given(positions.random_games(sizes=(3, 5)), st.integers(0, 7), st.booleans())
def test_games_commute_with_symmetries_and_colours(seed, s, is_exchanged):
    position = positions.play_randomly(seed)
    position.komi = 0.0
    moved = moved_game(seed, position, s, is_exchanged=is_exchanged)

    def expected(values):
        return symmetry.apply(values, s, seed.size)

    stones = EXCHANGED[position.stones] if is_exchanged else position.stones
    sign = -1 if is_exchanged else 1
    assert np.array_equal(moved.stones, expected(stones))
    assert np.array_equal(moved.legal(), expected(position.legal()))
    assert moved.score() == sign * position.score()
    assert np.array_equal(moved.ownership(), sign * expected(position.ownership()))
    assert np.array_equal(settled_owner(moved), sign * expected(settled_owner(position)))
    planes = planes_of(position)
    if is_exchanged:
        planes[[features.BLACK_TO_MOVE, features.WHITE_TO_MOVE]] ^= 1
    assert np.array_equal(planes_of(moved), expected(planes))
    for color in (rules.BLACK, rules.WHITE):
        other = 3 - color if is_exchanged else color
        assert moved.captures(other) == position.captures(color)
        alive = pass_alive(position, color, suicide=seed.suicide)
        assert np.array_equal(pass_alive(moved, other, suicide=seed.suicide), expected(alive))
