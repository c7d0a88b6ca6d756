"""Fixed positions on which backends are compared, and the allowed distance of answers from float32's."""

import functools
from typing import NamedTuple

import numpy as np

from alphazero.net import leela

_BOARDS = 8
"""Boards in a network's input: the current one and the seven before it."""
_POINTS = 64 * 81
"""Points of all positions together, as many as 64 positions of 9x9 have."""


class Bounds(NamedTuple):
    """Distance of a backend's answers from float32's, allowed or measured, as means over `positions`."""

    policy_divergence: float  # Kullback-Leibler divergence of the policy over all moves, in nats
    value_difference: float  # of values in [-1, 1]


BOUNDS = {
    "fp32": Bounds(1e-4, 2e-3),  # wide enough for the TF32 of GPUs
    "bf16": Bounds(2e-3, 0.015),
    "int8": Bounds(0.01, 0.03),
}
"""By precision. docs/results.md lists what trained networks reach. One row of garbage exceeds every bound."""


class Exact(NamedTuple):
    """A network's float32 answers on `positions`, and the ranges of its activations."""

    logits: np.ndarray  # [B, A]
    values: np.ndarray  # [B] before tanh
    tops: list[np.ndarray]  # [I] largest input of each channel, by convolution: the tower's, then the heads'


@functools.cache
def positions(size: int) -> np.ndarray:
    """Returns [B, 18, N, N] uint8, read-only: from the empty board to a full one.

    Every process gets the same positions. Stones of alternating colour lie on random points, and earlier
    boards lack the newest ones. Nothing is captured. These are not positions of games, but a network's
    activations reach as far as they do in games.
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
            # The player to move has played the second last move, the fourth last, ...
            planes[index, age, present[(num_moves % 2) :: 2]] = 1
            planes[index, _BOARDS + age, present[1 - num_moves % 2 :: 2]] = 1
        planes[index, 2 * _BOARDS + num_moves % 2] = 1
    planes.flags.writeable = False
    return planes.reshape(count, leela.NUM_PLANES, size, size)


def distance(exact: Exact, answers: tuple[np.ndarray, np.ndarray]) -> Bounds:
    """Distance of logits [B, A] and values before tanh [B] on `positions` from the exact ones."""
    exact_policy, policy = _log_softmax(exact.logits), _log_softmax(answers[0])
    divergence = (np.exp(exact_policy) * (exact_policy - policy)).sum(axis=1).mean()
    difference = np.abs(np.tanh(exact.values) - np.tanh(answers[1])).mean()
    return Bounds(float(divergence), float(difference))


def unfaithfulness(exact: Exact, answers: tuple[np.ndarray, np.ndarray], precision: str) -> str:
    """Returns the reason why answers of this precision are not faithful; empty if they are."""
    found, allowed = distance(exact, answers), BOUNDS[precision]
    # Written so that NaN fails, too.
    if not found.policy_divergence <= allowed.policy_divergence:
        return f"policy off by {found.policy_divergence:.2g} nats, {allowed.policy_divergence:g} allowed"
    if not found.value_difference <= allowed.value_difference:
        return f"values off by {found.value_difference:.2g}, {allowed.value_difference:g} allowed"
    return ""


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
