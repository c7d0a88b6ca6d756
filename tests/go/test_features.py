"""Tests of planes against the reference. tests/go/test_archives.py compares them with files of Leela Zero."""

import hypothesis
import numpy as np

from alphazero.go import features, geometry, rules
from tests.go import positions
from tests.reference import board as reference_board


def planes_of(table, index=0):
    out = np.full((features.NUM_PLANES, table.geometry.num_points), 9, np.uint8)
    features.fill_planes(table.geometry, table.games, index, out)
    return out


def test_planes_after_three_moves():
    table = positions.make_table(2)
    for action in positions.actions("A1 B2 B1", 2):
        positions.game_kernels.play(*table, 0, action)
    own, opponent = planes_of(table)[:8].tolist(), planes_of(table)[8:16].tolist()
    # White to move: A1, B1, A2, B2
    assert own[:4] == [[0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert opponent[:4] == [[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert not np.any(own[4:])
    assert not np.any(opponent[4:])
    assert planes_of(table)[16:].tolist() == [[0, 0, 0, 0], [1, 1, 1, 1]]


@hypothesis.given(positions.random_games(sizes=(3, 5)))
def test_planes_agree_with_reference(seed):
    position = positions.play_randomly(seed)
    slow = reference_board.Game(seed.size, suicide=seed.suicide)
    for _, action in position.moves:
        slow.play(positions.as_move(action, seed.size))
    expected = [positions.as_mask(points, seed.size) for points in slow.planes()]
    fast = np.zeros((1, features.NUM_PLANES, seed.size**2), np.uint8)
    features.planes(geometry.make(seed.size), position.record, np.zeros(1, np.int64), fast)
    assert np.array_equal(fast[0], expected)


def test_planes_of_several_games_do_not_mix():
    table = positions.make_table(3, count=3)
    for index, moves in enumerate(["A1", "B2 C3", ""]):
        for action in positions.actions(moves, 3):
            assert positions.game_kernels.play(*table, index, action) == rules.OK
    out = np.full((2, features.NUM_PLANES, 9), 9, np.uint8)
    features.planes(table.geometry, table.games, np.array([1, 0]), out)
    assert np.array_equal(out, [planes_of(table, 1), planes_of(table, 0)])
