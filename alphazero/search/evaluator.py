"""Protocols that connect the search with networks, and two fakes that need no weights."""

from typing import NamedTuple, Protocol, TypeGuard

import numpy as np

from alphazero.go import features

Answers = tuple[np.ndarray, np.ndarray]
"""Logits [B, A] and values [B], as `Evaluator.evaluate` returns them."""


class Evaluator(Protocol):
    """Evaluates positions in batches. The networks of `alphazero.net` are evaluators."""

    def evaluate(self, planes: np.ndarray) -> Answers:
        """Policy and value of each position.

        planes: [B, 18, N, N] uint8 (docs/conventions.md). They may change after the call returns.
        Returns logits [B, A] float32 of all moves, including illegal ones, and values [B] float32 in [-1, 1],
        seen by the player to move.
        """
        ...


class PendingEvaluation(Protocol):
    """A batch that is being evaluated."""

    def result(self) -> Answers:
        """Waits for the outputs. May be called only once."""
        ...


class AsynchronousEvaluator(Evaluator, Protocol):
    """An evaluator that can compute while its caller does other work."""

    @property
    def is_asynchronous(self) -> bool:
        """Whether `submit` returns before the outputs are ready; False if the caller's cores compute them."""
        ...

    def submit(self, planes: np.ndarray) -> PendingEvaluation:
        """Starts an evaluation as `evaluate` does. The planes may change after the call returns.

        At most `num_batches` batches may be pending at a time. They finish in the order of their start.
        """
        ...


def is_asynchronous(evaluator: Evaluator) -> TypeGuard[AsynchronousEvaluator]:
    """Whether alternating batches save time with this evaluator."""
    return bool(getattr(evaluator, "is_asynchronous", False))


def num_batches(evaluator: Evaluator) -> int:
    """Pending batches that keep the evaluator busy: 1 if it is not asynchronous, else its number or 2."""
    return int(getattr(evaluator, "num_batches", 2)) if is_asynchronous(evaluator) else 1


def submit(evaluator: Evaluator, planes: np.ndarray) -> PendingEvaluation:
    """Starts an evaluation. Evaluators that are not asynchronous finish it before the return."""
    return (
        evaluator.submit(planes)
        if is_asynchronous(evaluator)
        else ReadyEvaluation(*evaluator.evaluate(planes))
    )


class ReadyEvaluation(NamedTuple):
    """A batch that has been evaluated."""

    logits: np.ndarray
    values: np.ndarray

    def result(self) -> Answers:
        """Logits [B, A] and values [B]."""
        return self.logits, self.values


def generation(evaluator: Evaluator) -> int:
    """Number that changes with the evaluator's outputs, as with newer weights; 0 if it has none."""
    return int(getattr(evaluator, "generation", 0))


class UniformEvaluator:
    """Gives all moves the same logit and all positions the value 0."""

    def __init__(self, size: int) -> None:
        self._num_actions = size * size + 1

    def evaluate(self, planes: np.ndarray) -> Answers:
        """Zero logits and zero values."""
        batch = len(planes)
        return np.zeros((batch, self._num_actions), np.float32), np.zeros(batch, np.float32)


class HashedEvaluator:
    """Gives arbitrary but repeatable outputs that depend only on the planes.

    Each position is projected on fixed random vectors. The sums are of integers and therefore exact, so equal
    planes get equal outputs in every batch and on every machine.
    """

    def __init__(self, size: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        num_actions = size * size + 1
        inputs = features.NUM_PLANES * size * size
        self._weights = rng.integers(0, 1 << 20, (inputs, num_actions + 1), dtype=np.int64)

    def evaluate(self, planes: np.ndarray) -> Answers:
        """Uniformly distributed logits in [-2, 2) and values in [-1, 1)."""
        mixed = planes.reshape(len(planes), -1).astype(np.int64) @ self._weights
        unit = (mixed * 2654435761 % 1000003) / 1000003.0
        return (4 * unit[:, :-1] - 2).astype(np.float32), (2 * unit[:, -1] - 1).astype(np.float32)
