"""The evaluator protocol, which connects searches with networks, and two evaluators that need no weights."""

from typing import Generic, NamedTuple, Protocol, TypeGuard, TypeVar

import numpy as np

from alphazero.go import features, input_families

Result = TypeVar("Result", covariant=True)


class Inputs(NamedTuple):
    """A network's inputs for B positions. `go.input_families.InputFamily` describes C and G."""

    planes: np.ndarray  # [B, C, N, N] uint8 of zeros and ones
    globals: np.ndarray | None = None  # [B, G] float32 global inputs; None if G is 0

    def copy(self) -> "Inputs":
        """Inputs in arrays of their own."""
        return Inputs(self.planes.copy(), None if self.globals is None else self.globals.copy())

    def take(self, rows: np.ndarray) -> "Inputs":
        """Inputs of these positions, in arrays of their own. rows: indices, which may repeat."""
        return Inputs(self.planes[rows], None if self.globals is None else self.globals[rows])


class Outputs(NamedTuple):
    """The network's outputs for B positions, float32, seen by the player to move."""

    logits: np.ndarray  # [B, A] policy logits of all moves, including illegal ones
    values: np.ndarray  # [B] in [-1, 1]
    ownership: np.ndarray | None = None  # [B, P] in [-1, 1], expected owner; None without such a head
    scores: np.ndarray | None = None  # [B] expected final lead in points, komi included; None likewise


class Evaluator(Protocol):
    """Evaluates positions in batches. The networks of `alphazero.net` are evaluators."""

    def evaluate(self, inputs: Inputs) -> Outputs:
        """Policy and value of each position. The arrays of `inputs` may change after the call returns."""
        ...


class Pending(Protocol[Result]):
    """Outputs that may still be in computation."""

    def result(self) -> Result:
        """Waits for the outputs and returns them. May be called only once."""
        ...


class Ready(NamedTuple, Generic[Result]):
    """Outputs that have been computed, as a `Pending`."""

    outputs: Result

    def result(self) -> Result:
        """Returns the outputs at once."""
        return self.outputs


class AsynchronousEvaluator(Evaluator, Protocol):
    """An evaluator that can compute while its caller does other work."""

    @property
    def is_asynchronous(self) -> bool:
        """Whether alternating batches save time, because others compute while the caller works."""
        ...

    def submit(self, inputs: Inputs) -> Pending[Outputs]:
        """Starts an evaluation as `evaluate` does. The inputs may change after the call returns.

        At most `num_batches(evaluator)` batches may be pending. Results are read in the order of their start.
        """
        ...


def is_asynchronous(evaluator: Evaluator) -> TypeGuard[AsynchronousEvaluator]:
    """Whether alternating batches save time with this evaluator."""
    return bool(getattr(evaluator, "is_asynchronous", False))


def num_batches(evaluator: Evaluator) -> int:
    """Pending batches that keep it busy: its `num_batches`, 2 by default, and 1 if it is not asynchronous."""
    return int(getattr(evaluator, "num_batches", 2)) if is_asynchronous(evaluator) else 1


def submit(evaluator: Evaluator, inputs: Inputs) -> Pending[Outputs]:
    """Starts an evaluation. Evaluators that are not asynchronous finish it before the return."""
    if is_asynchronous(evaluator):
        return evaluator.submit(inputs)
    return Ready(evaluator.evaluate(inputs))


def generation(evaluator: Evaluator) -> int:
    """Counts the networks that the evaluator has loaded: outputs may be cached within one generation."""
    return int(getattr(evaluator, "generation", 0))


def family(evaluator: Evaluator) -> input_families.InputFamily:
    """What its network takes as its inputs: its `family`, and Leela Zero's by default."""
    return getattr(evaluator, "family", input_families.LEELA)


class Wrapper:
    """Base of evaluators that wrap another one: its generation and family are theirs."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    @property
    def generation(self) -> int:
        """Generation of the wrapped evaluator."""
        return generation(self._evaluator)

    @property
    def family(self) -> input_families.InputFamily:
        """What the wrapped evaluator's network takes."""
        return family(self._evaluator)


class UniformEvaluator:
    """Gives all moves the same logit and all positions the value 0."""

    def __init__(self, size: int, family: input_families.InputFamily = input_families.LEELA) -> None:
        """family: inputs that searches compute for it."""
        self.family = family
        self._num_actions = size * size + 1

    def evaluate(self, inputs: Inputs) -> Outputs:
        """Zero logits and zero values."""
        batch = len(inputs.planes)
        return Outputs(np.zeros((batch, self._num_actions), np.float32), np.zeros(batch, np.float32))


class HashedEvaluator:
    """Gives arbitrary but repeatable outputs that depend only on the planes.

    Each position is projected on fixed random vectors. The sums are of integers and therefore exact, so equal
    planes get equal outputs in every batch and on every machine.
    """

    def __init__(self, size: int, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        num_actions = size * size + 1
        num_inputs = features.NUM_PLANES * size * size
        self._weights = rng.integers(0, 1 << 20, (num_inputs, num_actions + 1), dtype=np.int64)

    def evaluate(self, inputs: Inputs) -> Outputs:
        """Uniformly distributed logits in [-2, 2) and values in [-1, 1)."""
        planes = inputs.planes
        mixed = planes.reshape(len(planes), -1).astype(np.int64) @ self._weights
        unit = (mixed * 2654435761 % 1000003) / 1000003.0
        return Outputs((4 * unit[:, :-1] - 2).astype(np.float32), (2 * unit[:, -1] - 1).astype(np.float32))
