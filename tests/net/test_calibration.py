"""What 8-bit networks are calibrated on, and when they count as the same."""

import numpy as np
import pytest

from alphazero.net import calibration

SIZES = [2, 5, 9, 19]


@pytest.mark.parametrize("size", SIZES)
def test_positions_look_like_games(size: int):
    planes = calibration.positions(size)
    own, opponent, to_move = planes[:, :8], planes[:, 8:16], planes[:, 16:]
    assert planes.shape[1:] == (18, size, size)
    assert len(planes) * size * size >= 4 * min(81, size * size)
    assert not (own & opponent).any()
    assert np.array_equal(to_move.sum(axis=1), np.ones_like(to_move[:, 0]))
    stones = planes[:, :16].sum(axis=(2, 3), dtype=int)
    num_own, num_opponent = stones[:, 0], stones[:, 8]
    is_black = to_move[:, 0, 0, 0] == 1
    assert np.array_equal(num_own - num_opponent, np.where(is_black, 0, -1)), "Black has moved first"
    # Each board back in time lacks one stone, the opponent's first.
    assert np.array_equal(stones[:, 1] + stones[:, 9], np.maximum(num_own + num_opponent - 1, 0))
    assert np.array_equal(stones[:, 9], np.maximum(num_opponent - 1, 0))
    assert not (planes[:, 1:8] & ~planes[:, 0:7]).any()


def test_positions_go_from_an_empty_board_to_a_full_one():
    planes = calibration.positions(9)
    num_stones = planes[:, 0].sum(axis=(1, 2), dtype=int) + planes[:, 8].sum(axis=(1, 2), dtype=int)
    assert num_stones[0] == 0
    assert num_stones[-1] == 79
    assert np.diff(num_stones).max() <= 2
    assert not planes.flags.writeable


VERDICTS = [
    # logits and value before tanh of the exact network, then what is added to them
    ("equal", [[1.0, 2.0, 3.0]], [0.3], [[0.0, 0.0, 0.0]], [0.0], True),
    ("shifted logits are the same policy", [[1.0, 2.0, 3.0]], [0.3], [[5.0, 5.0, 5.0]], [0.0], True),
    ("rounding", [[1.0, 2.0, 3.0]], [0.3], [[0.05, -0.05, 0.0]], [0.02], True),
    ("another policy", [[1.0, 2.0, 3.0]], [0.3], [[0.0, 1.0, 0.0]], [0.0], False),
    ("another value", [[1.0, 2.0, 3.0]], [0.3], [[0.0, 0.0, 0.0]], [0.1], False),
    ("a certain value stays certain", [[1.0, 2.0, 3.0]], [8.0], [[0.0, 0.0, 0.0]], [1.0], True),
]


@pytest.mark.parametrize(
    ("logits", "values", "more_logits", "more_values", "verdict"),
    [row[1:] for row in VERDICTS],
    ids=[row[0] for row in VERDICTS],
)
def test_verdicts(logits: list, values: list, more_logits: list, more_values: list, verdict: bool):
    exact = np.array(logits, np.float32), np.array(values, np.float32)
    rounded = exact[0] + np.float32(more_logits), exact[1] + np.float32(more_values)
    assert calibration.is_faithful(exact, rounded) is verdict
