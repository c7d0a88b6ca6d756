"""Calibration positions, and the bounds within which a backend is faithful."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.net import calibration

SIZES = [2, 5, 9, 19]


@pytest.mark.parametrize("size", SIZES)
def test_positions_look_like_games(size: int):
    planes = calibration.positions(size).planes
    own, opponent, to_move = planes[:, :8], planes[:, 8:16], planes[:, 16:]
    assert planes.shape[1:] == (18, size, size)
    assert len(planes) * size * size >= 4 * min(81, size * size)
    assert not (own & opponent).any()
    assert np.array_equal(to_move.sum(axis=1), np.ones_like(to_move[:, 0]))
    stones = planes[:, :16].sum(axis=(2, 3), dtype=int)
    num_own, num_opponent = stones[:, 0], stones[:, 8]
    is_black = to_move[:, 0, 0, 0] == 1
    assert np.array_equal(num_own - num_opponent, np.where(is_black, 0, -1)), "Black moves first"
    # Each earlier board has one stone less, beginning with the opponent's.
    assert np.array_equal(stones[:, 1] + stones[:, 9], np.maximum(num_own + num_opponent - 1, 0))
    assert np.array_equal(stones[:, 9], np.maximum(num_opponent - 1, 0))
    assert not (planes[:, 1:8] & ~planes[:, 0:7]).any()


def test_positions_go_from_an_empty_board_to_a_full_one():
    planes = calibration.positions(9).planes
    num_stones = planes[:, 0].sum(axis=(1, 2), dtype=int) + planes[:, 8].sum(axis=(1, 2), dtype=int)
    assert num_stones[0] == 0
    assert num_stones[-1] == 79
    assert np.diff(num_stones).max() <= 2
    assert not planes.flags.writeable


CASES = [
    # logits and value before tanh of the exact network, errors added to both, precisions that reject them
    ("equal", [1.0, 2.0, 3.0], 0.3, [0.0, 0.0, 0.0], 0.0, ""),
    ("shifted logits are the same policy", [1.0, 2.0, 3.0], 0.3, [5.0, 5.0, 5.0], 0.0, ""),
    ("rounding", [1.0, 2.0, 3.0], 0.3, [0.05, -0.05, 0.0], 0.02, "fp32 bf16"),
    ("a little", [1.0, 2.0, 3.0], 0.3, [0.01, 0.0, 0.0], 0.01, "fp32"),
    ("another policy", [1.0, 2.0, 3.0], 0.3, [0.0, 1.0, 0.0], 0.0, "fp32 bf16 int8"),
    ("another value", [1.0, 2.0, 3.0], 0.3, [0.0, 0.0, 0.0], 0.1, "fp32 bf16 int8"),
    ("a certain value stays certain", [1.0, 2.0, 3.0], 8.0, [0.0, 0.0, 0.0], 1.0, ""),
    ("no policy", [1.0, 2.0, 3.0], 0.3, [np.nan, 0.0, 0.0], 0.0, "fp32 bf16 int8"),
    ("no value", [1.0, 2.0, 3.0], 0.3, [0.0, 0.0, 0.0], np.nan, "fp32 bf16 int8"),
]


def outputs(logits, values) -> evaluators.Outputs:
    """values: before tanh."""
    return evaluators.Outputs(np.float32(logits), np.tanh(np.float32(values)))


@pytest.mark.parametrize(
    ("logits", "value", "more_logits", "more_value", "wrong"),
    [row[1:] for row in CASES],
    ids=[row[0] for row in CASES],
)
def test_bounds_of_each_precision(
    logits: list, value: float, more_logits: list, more_value: float, wrong: str
):
    exact = calibration.Exact(outputs([logits], [value]), {})
    found = outputs([np.add(logits, more_logits)], [value + more_value])
    reasons = {one: calibration.unfaithfulness(exact, found, one) for one in calibration.BOUNDS}
    assert [one for one, text in reasons.items() if text] == wrong.split()


def test_the_reason_names_the_distance_and_the_bound():
    exact = calibration.Exact(outputs([[0, 0, 0]], [0]), {})
    assert calibration.unfaithfulness(exact, outputs([[0, 0, 0]], [1]), "int8") == (
        "values off by 0.76, 0.03 allowed"
    )
    # Divergence of (1/3, 1/3, 1/3) from (e, 1, 1) / (e + 2): ln((e + 2) / 3) - 1/3.
    assert calibration.unfaithfulness(exact, outputs([[1, 0, 0]], [0]), "bf16") == (
        "policy off by 0.12 nats, 0.002 allowed"
    )


@pytest.mark.parametrize("size", [9, 19])
@pytest.mark.parametrize("precision", list(calibration.BOUNDS))
def test_one_row_of_garbage_is_too_much(size: int, precision: str):
    """One position gets the answers of another, as with a padded or reused buffer."""
    rng = np.random.default_rng(0)
    count, num_actions = len(calibration.positions(size).planes), size * size + 1
    logits = 2 * rng.standard_normal((count, num_actions)).astype(np.float32)
    values = np.tanh(rng.standard_normal(count)).astype(np.float32)
    swapped = logits.copy()
    swapped[0] = logits[1]
    exact = calibration.Exact(evaluators.Outputs(logits, values), {})
    found = evaluators.Outputs(swapped, values)
    assert calibration.unfaithfulness(exact, found, precision).startswith("policy off by")
