"""Evaluators that apply symmetries: a random one to each position, or all eight.

All eight are averaged over probabilities and values, not over logits, as in Leela Zero (Network.cpp,
`Network::get_output` with Ensemble AVERAGE) and KataGo (nninputs.cpp, `NNOutput` from several outputs).
"""

from typing import NamedTuple

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.go import symmetry
from alphazero.jit import jit


def wrap(
    evaluator: evaluators.Evaluator,
    config: search_config.SearchConfig,
    size: int,
    rng: np.random.Generator,
) -> evaluators.Evaluator:
    """Wraps `evaluator` for `config.symmetry`; returns it unchanged for none. rng: for random symmetries."""
    if config.symmetry is search_config.Symmetry.random:
        return RandomSymmetry(evaluator, size, rng)
    if config.symmetry is search_config.Symmetry.average:
        return AverageOfSymmetries(evaluator, size)
    return evaluator


class _Wrapper(evaluators.Wrapper):
    """Base of both wrappers: a buffer for moved planes, and the properties of the wrapped evaluator."""

    def __init__(self, evaluator: evaluators.Evaluator, size: int) -> None:
        super().__init__(evaluator)
        self._table = symmetry.permutations(size).copy()  # read-only arrays are another type for numba
        self._moved = np.zeros((0, 0), np.uint8)

    @property
    def is_asynchronous(self) -> bool:
        """Whether the wrapped evaluator is asynchronous."""
        return evaluators.is_asynchronous(self._evaluator)

    def _submit(
        self, inputs: evaluators.Inputs, symmetries: np.ndarray
    ) -> evaluators.Pending[evaluators.Outputs]:
        """Submits B positions under symmetries [B, S]; row b * S + s is position b under symmetries[b, s]."""
        batch, copies = symmetries.shape
        planes, scalars = inputs
        rows = planes.reshape(batch, -1)
        if len(self._moved) < batch * copies:
            self._moved = np.zeros((batch * copies, rows.shape[1]), np.uint8)
        moved = self._moved[: batch * copies]
        _move_planes(self._table, rows, symmetries, moved)
        moved = moved.reshape(batch * copies, *planes.shape[1:])
        repeated = None if scalars is None else np.repeat(scalars, copies, axis=0)
        return evaluators.submit(self._evaluator, evaluators.Inputs(moved, repeated))


class RandomSymmetry(_Wrapper):
    """Evaluates each position of each call under its own random symmetry."""

    def __init__(self, evaluator: evaluators.Evaluator, size: int, rng: np.random.Generator) -> None:
        super().__init__(evaluator, size)
        self._rng = rng

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        """Implements `Evaluator.evaluate`. Draws one number for each position."""
        return self.submit(inputs).result()

    def submit(self, inputs: evaluators.Inputs) -> evaluators.Pending[evaluators.Outputs]:
        """Implements `AsynchronousEvaluator.submit`."""
        symmetries = self._rng.integers(symmetry.NUM_SYMMETRIES, size=(len(inputs.planes), 1))
        return _Moved(self._submit(inputs, symmetries), self._table, symmetries)


class AverageOfSymmetries(_Wrapper):
    """Averages over all eight symmetries. Each position takes eight evaluations; the result is symmetric."""

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        """Implements `Evaluator.evaluate`. Logits are logarithms of the mean probabilities of all moves."""
        return self.submit(inputs).result()

    def submit(self, inputs: evaluators.Inputs) -> evaluators.Pending[evaluators.Outputs]:
        """Implements `AsynchronousEvaluator.submit`."""
        symmetries = np.tile(np.arange(symmetry.NUM_SYMMETRIES), (len(inputs.planes), 1))
        return _Averaged(self._submit(inputs, symmetries), self._table)


class _Moved(NamedTuple):
    """Pending outputs for moved positions; `result` moves them back."""

    pending: evaluators.Pending[evaluators.Outputs]
    table: np.ndarray
    symmetries: np.ndarray  # [B, 1]

    def result(self) -> evaluators.Outputs:
        outputs = self.pending.result()
        logits = np.empty_like(outputs.logits)
        _move_back(self.table, outputs.logits, self.symmetries, logits)
        if outputs.ownership is None:
            return outputs._replace(logits=logits)
        ownership = np.empty_like(outputs.ownership)
        _move_back(self.table, outputs.ownership, self.symmetries, ownership)
        return outputs._replace(logits=logits, ownership=ownership)


class _Averaged(NamedTuple):
    """Pending outputs for positions under all symmetries; `result` averages them."""

    pending: evaluators.Pending[evaluators.Outputs]
    table: np.ndarray

    def result(self) -> evaluators.Outputs:
        outputs = self.pending.result()
        num_rows, num_actions = outputs.logits.shape
        logits = np.empty((num_rows // symmetry.NUM_SYMMETRIES, num_actions), np.float32)
        _average_logits(self.table, outputs.logits, np.zeros(num_actions), logits)
        ownership = outputs.ownership
        if ownership is not None:
            moved = np.empty_like(ownership)
            every = np.tile(np.arange(symmetry.NUM_SYMMETRIES), len(logits))[:, None]
            _move_back(self.table, ownership, every, moved)
            ownership = _mean_of_symmetries(moved)
        scores = None if outputs.scores is None else _mean_of_symmetries(outputs.scores)
        return evaluators.Outputs(logits, _mean_of_symmetries(outputs.values), ownership, scores)


def _mean_of_symmetries(rows: np.ndarray) -> np.ndarray:
    """[B, ...] float32 means over the eight rows [B * 8, ...] of each position."""
    copies = rows.reshape(-1, symmetry.NUM_SYMMETRIES, *rows.shape[1:])
    return copies.mean(axis=1, dtype=np.float64).astype(np.float32)


@jit
def _move_planes(table: np.ndarray, rows: np.ndarray, symmetries: np.ndarray, out: np.ndarray) -> None:
    """Fills out [B * S, C * P] uint8: row b * S + s is rows[b] moved, plane by plane, by symmetries[b, s].

    table: [8, A] int32 of `symmetry.permutations`. rows: [B, C * P] uint8. symmetries: [B, S] int64.
    """
    num_points = table.shape[1] - 1
    batch, copies = symmetries.shape
    for target in range(batch * copies):
        moves = table[symmetries[target // copies, target % copies]]
        source = rows[target // copies]
        for start in range(0, len(source), num_points):
            _scatter(moves, source[start : start + num_points], out[target, start : start + num_points])


@jit
def _scatter(moves: np.ndarray, source: np.ndarray, out: np.ndarray) -> None:
    for point in range(len(source)):
        out[moves[point]] = source[point]


@jit
def _move_back(table: np.ndarray, rows: np.ndarray, symmetries: np.ndarray, out: np.ndarray) -> None:
    """Fills out [B, A] or [B, P] with rows of the same shape, moved back by symmetries [B, 1]."""
    for row in range(len(out)):
        moves = table[symmetries[row, 0]]
        for action in range(out.shape[1]):
            out[row, action] = rows[row, moves[action]]


@jit
def _average_logits(table: np.ndarray, logits: np.ndarray, mean: np.ndarray, out: np.ndarray) -> None:
    """Fills out [B, A] with log(mean softmax), moved back, over the eight rows of each position.

    logits: [8 * B, A], rows 8 * b to 8 * b + 7 for position b. mean: [A] float64 scratch.
    """
    for row in range(len(out)):
        mean[:] = 0
        for s in range(len(table)):
            _add_probabilities(table[s], logits[row * len(table) + s], mean)
        for action in range(len(mean)):
            out[row, action] = np.log(mean[action] / len(table))


@jit
def _add_probabilities(moves: np.ndarray, logits: np.ndarray, total: np.ndarray) -> None:
    highest = logits[0]
    for action in range(len(logits)):
        highest = max(highest, logits[action])
    weight = 0.0
    for action in range(len(logits)):
        weight += np.exp(np.float64(logits[action] - highest))
    for action in range(len(logits)):
        total[action] += np.exp(np.float64(logits[moves[action]] - highest)) / weight
