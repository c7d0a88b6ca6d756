"""Positions on which an 8-bit network learns its ranges, and the proof that it still says the same."""

import functools

import numpy as np

from alphazero.net import leela

_BOARDS = 8
"""Boards that a network sees, the current one and seven before it."""
_POINTS = 64 * 81
"""Points of all positions together: what 64 positions of 9x9 hold."""
_MAX_POLICY_DIVERGENCE = 0.01
"""Nats; trained 9x9 networks reach 0.0002."""
_MAX_VALUE_DIFFERENCE = 0.03
"""Mean over positions; trained 9x9 networks reach 0.005."""


@functools.cache
def positions(size: int) -> np.ndarray:
    """[B, 18, N, N] uint8, read-only, the same in every process: from the empty board to a full one.

    Stones of alternating colour on random points, the newest of them missing on the earlier boards. Nothing
    is captured: these are not games, but they drive a network as far as games do.
    """
    num_points = size * size
    count = max(4, _POINTS // num_points)
    rng = np.random.default_rng(0)
    planes = np.zeros((count, leela.NUM_PLANES, num_points), np.uint8)
    for index in range(count):
        num_moves = index * num_points // count
        points = rng.permutation(num_points)[:num_moves]
        for age in range(_BOARDS):
            present = points[: max(0, num_moves - age)]
            # The player who moves next has played the moves before the last, before the third last, ...
            planes[index, age, present[(num_moves % 2) :: 2]] = 1
            planes[index, _BOARDS + age, present[1 - num_moves % 2 :: 2]] = 1
        planes[index, 2 * _BOARDS + num_moves % 2] = 1
    planes.flags.writeable = False
    return planes.reshape(count, leela.NUM_PLANES, size, size)


def is_faithful(exact: tuple[np.ndarray, np.ndarray], rounded: tuple[np.ndarray, np.ndarray]) -> bool:
    """Whether two networks' logits [B, A] and values before tanh [B] are close enough to play alike."""
    exact_policy, rounded_policy = _log_softmax(exact[0]), _log_softmax(rounded[0])
    divergence = (np.exp(exact_policy) * (exact_policy - rounded_policy)).sum(axis=1).mean()
    difference = np.abs(np.tanh(exact[1]) - np.tanh(rounded[1])).mean()
    return bool(divergence <= _MAX_POLICY_DIVERGENCE and difference <= _MAX_VALUE_DIFFERENCE)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
