"""What the search asks of a network, and two fakes that need no weights."""

from typing import NamedTuple, Protocol, TypeGuard

import numpy as np

from alphazero.go import features

Answers = tuple[np.ndarray, np.ndarray]
"""Logits [B, A] and values [B], as `Evaluator.evaluate` returns them."""


class Evaluator(Protocol):
    """Judges positions in batches; the networks of `alphazero.net` are evaluators."""

    def evaluate(self, planes: np.ndarray) -> Answers:
        """Policy and value of each position.

        planes: [B, 18, N, N] uint8 (docs/conventions.md); read only until the call returns.
        Returns logits [B, A] float32 of all moves, illegal ones included, and values [B] float32
        in [-1, 1] as the player to move sees them.
        """
        ...


class Pending(Protocol):
    """A batch under way."""

    def result(self) -> Answers:
        """Waits for the answers; to be called once."""
        ...


class AsynchronousEvaluator(Evaluator, Protocol):
    """An evaluator that may compute while its caller does something else."""

    @property
    def is_asynchronous(self) -> bool:
        """Whether `submit` returns before the work is done; on a CPU it would only seem to."""
        ...

    def submit(self, planes: np.ndarray) -> Pending:
        """Begins what `evaluate` does; planes may change when this returns.

        At most `num_batches` batches are under way at a time, and they end in the order in which they began.
        """
        ...


def is_asynchronous(evaluator: Evaluator) -> TypeGuard[AsynchronousEvaluator]:
    """Whether two half-batches in alternation gain anything with this evaluator."""
    return bool(getattr(evaluator, "is_asynchronous", False))


def num_batches(evaluator: Evaluator) -> int:
    """Batches that keep the evaluator busy: one if it is not asynchronous, two if it says no other number."""
    return int(getattr(evaluator, "num_batches", 2)) if is_asynchronous(evaluator) else 1


def submit(evaluator: Evaluator, planes: np.ndarray) -> Pending:
    """Begins an evaluation where that is possible, else does it at once."""
    return evaluator.submit(planes) if is_asynchronous(evaluator) else Finished(*evaluator.evaluate(planes))


class Finished(NamedTuple):
    """A batch that is done."""

    logits: np.ndarray
    values: np.ndarray

    def result(self) -> Answers:
        """The answers."""
        return self.logits, self.values


def generation(evaluator: Evaluator) -> int:
    """A number that changes when the evaluator's answers do, as newer weights make them; else always 0."""
    return int(getattr(evaluator, "generation", 0))


class UniformEvaluator:
    """Every move is as good as any other, every position even."""

    def __init__(self, size: int) -> None:
        self._num_actions = size * size + 1

    def evaluate(self, planes: np.ndarray) -> Answers:
        """Zero logits and zero values."""
        batch = len(planes)
        return np.zeros((batch, self._num_actions), np.float32), np.zeros(batch, np.float32)


class HashedEvaluator:
    """Arbitrary but repeatable answers, a function of the planes alone.

    Each position is projected on fixed random vectors, so equal planes get equal answers in any
    batch and on any machine; sums of integers make them exact.
    """

    def __init__(self, size: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        num_actions = size * size + 1
        inputs = features.NUM_PLANES * size * size
        self._weights = rng.integers(0, 1 << 20, (inputs, num_actions + 1), dtype=np.int64)

    def evaluate(self, planes: np.ndarray) -> Answers:
        """Logits in [-2, 2) and values in [-1, 1), spread evenly."""
        mixed = planes.reshape(len(planes), -1).astype(np.int64) @ self._weights
        unit = (mixed * 2654435761 % 1000003) / 1000003.0
        return (4 * unit[:, :-1] - 2).astype(np.float32), (2 * unit[:, -1] - 1).astype(np.float32)
