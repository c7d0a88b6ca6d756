"""Fixed positions on which backends are compared, and the allowed distance of answers from float32's."""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.go import input_families
from alphazero.net import leela
from alphazero.net.katago import sample_positions

_BOARDS = 8
"""Boards in a network's input: the current one and the seven before it."""
_POINTS = 64 * 81
"""Points of all positions together, as many as 64 positions of 9x9 have."""
_LEAST_OF_KATAGO = 32
"""Least number of positions in KataGo's family, whose activations on 19x19 vary more."""


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


class Range(NamedTuple):
    """Smallest and largest number of each channel that a convolution reads."""

    low: np.ndarray  # [I]
    high: np.ndarray  # [I]


class Exact(NamedTuple):
    """A network's float32 answers on `positions`, and the ranges of its activations."""

    outputs: evaluators.Outputs
    ranges: Mapping[str, Range]  # by the convolution's name


@functools.cache
def positions(size: int, family: input_families.InputFamily = input_families.LEELA) -> evaluators.Inputs:
    """Returns inputs of a family in read-only arrays: from the empty board to a full one.

    Every process gets the same positions. They are not positions of games, but a network's activations reach
    as far as they do in games.
    """
    count = max(4, _POINTS // (size * size))
    if family == input_families.LEELA:
        inputs = evaluators.Inputs(_leela_planes(size, count))
    else:
        inputs = sample_positions.inputs(size, max(_LEAST_OF_KATAGO, count))
    for array in inputs:
        if array is not None:
            array.flags.writeable = False
    return inputs


def _leela_planes(size: int, count: int) -> np.ndarray:
    """[B, 18, N, N] uint8. Stones of alternating colour lie on random points, and earlier boards lack the
    newest ones. Nothing is captured.
    """
    num_points = size * size
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
    return planes.reshape(count, leela.NUM_PLANES, size, size)


def distance(exact: Exact, outputs: evaluators.Outputs) -> Bounds:
    """Distance of outputs on `positions` from the exact ones."""
    exact_policy, policy = _log_softmax(exact.outputs.logits), _log_softmax(outputs.logits)
    divergence = (np.exp(exact_policy) * (exact_policy - policy)).sum(axis=1).mean()
    difference = np.abs(exact.outputs.values - outputs.values).mean()
    return Bounds(float(divergence), float(difference))


def unfaithfulness(exact: Exact, outputs: evaluators.Outputs, precision: str) -> str:
    """Returns the reason why outputs of this precision are not faithful; empty if they are."""
    found, allowed = distance(exact, outputs), BOUNDS[precision]
    # Written so that NaN fails, too.
    if not found.policy_divergence <= allowed.policy_divergence:
        return f"policy off by {found.policy_divergence:.2g} nats, {allowed.policy_divergence:g} allowed"
    if not found.value_difference <= allowed.value_difference:
        return f"values off by {found.value_difference:.2g}, {allowed.value_difference:g} allowed"
    return ""


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
