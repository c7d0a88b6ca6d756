"""An evaluator that shows its network each position under a random symmetry, or under all eight.

The average is over probabilities and values, not over logits, as in Leela Zero (Network.cpp,
`Network::get_output` with Ensemble AVERAGE) and KataGo (nninputs.cpp, `NNOutput` from several outputs).
"""

from typing import NamedTuple

import numpy as np

from alphazero.config import search as search_config
from alphazero.go import symmetry
from alphazero.jit import jit
from alphazero.search import evaluator as evaluators


def wrap(
    evaluator: evaluators.Evaluator,
    config: search_config.SearchConfig,
    size: int,
    rng: np.random.Generator,
) -> evaluators.Evaluator:
    """`evaluator` as `config.symmetry` wants it; itself for none. rng: for random symmetries only."""
    if config.symmetry is search_config.Symmetry.random:
        return RandomSymmetry(evaluator, size, rng)
    if config.symmetry is search_config.Symmetry.average:
        return AverageOfSymmetries(evaluator, size)
    return evaluator


class _Wrapper:
    """What both have in common: a room for moved planes, and what they pass on."""

    def __init__(self, evaluator: evaluators.Evaluator, size: int) -> None:
        self._evaluator = evaluator
        self._table = symmetry.permutations(size).copy()  # the shared one is read-only: another type to numba
        self._moved = np.zeros((0, 0), np.uint8)

    @property
    def is_asynchronous(self) -> bool:
        """Whether the wrapped evaluator is."""
        return evaluators.is_asynchronous(self._evaluator)

    @property
    def generation(self) -> int:
        """Changes whenever the wrapped evaluator's answers do."""
        return evaluators.generation(self._evaluator)

    def _submit(self, planes: np.ndarray, symmetries: np.ndarray) -> evaluators.Pending:
        """Asks about the positions [B] under symmetries [B, S], rows b * S + s."""
        batch, copies = symmetries.shape
        rows = planes.reshape(batch, -1)
        if len(self._moved) < batch * copies:
            self._moved = np.zeros((batch * copies, rows.shape[1]), np.uint8)
        moved = self._moved[: batch * copies]
        _move_planes(self._table, rows, symmetries, moved)
        return evaluators.submit(self._evaluator, moved.reshape(batch * copies, *planes.shape[1:]))


class RandomSymmetry(_Wrapper):
    """Each position of each call under a symmetry of its own."""

    def __init__(self, evaluator: evaluators.Evaluator, size: int, rng: np.random.Generator) -> None:
        super().__init__(evaluator, size)
        self._rng = rng

    def evaluate(self, planes: np.ndarray) -> evaluators.Answers:
        """As the protocol says; draws one number for each position."""
        return self.submit(planes).result()

    def submit(self, planes: np.ndarray) -> evaluators.Pending:
        """As the protocol says."""
        symmetries = self._rng.integers(symmetry.NUM_SYMMETRIES, size=(len(planes), 1))
        return _Moved(self._submit(planes, symmetries), self._table, symmetries)


class AverageOfSymmetries(_Wrapper):
    """The mean over all eight symmetries: eight evaluations for each position, rid of the network's side."""

    def evaluate(self, planes: np.ndarray) -> evaluators.Answers:
        """As the protocol says; the logits are logarithms of the mean probabilities of all moves."""
        return self.submit(planes).result()

    def submit(self, planes: np.ndarray) -> evaluators.Pending:
        """As the protocol says."""
        symmetries = np.tile(np.arange(symmetry.NUM_SYMMETRIES), (len(planes), 1))
        return _Averaged(self._submit(planes, symmetries), self._table)


class _Moved(NamedTuple):
    """Answers about moved positions, to be moved back."""

    pending: evaluators.Pending
    table: np.ndarray
    symmetries: np.ndarray  # [B, 1]

    def result(self) -> evaluators.Answers:
        logits, values = self.pending.result()
        out = np.empty_like(logits)
        _move_logits_back(self.table, logits, self.symmetries, out)
        return out, values


class _Averaged(NamedTuple):
    """Answers about positions under all symmetries, to be averaged."""

    pending: evaluators.Pending
    table: np.ndarray

    def result(self) -> evaluators.Answers:
        logits, values = self.pending.result()
        batch = len(values) // symmetry.NUM_SYMMETRIES
        out = np.empty((batch, logits.shape[1]), np.float32)
        _average_logits(self.table, logits, np.zeros(logits.shape[1]), out)
        return out, values.reshape(batch, -1).mean(axis=1, dtype=np.float64).astype(np.float32)


@jit
def _move_planes(table, rows, symmetries, out):
    """out [B * S, C * P]: plane by plane, what symmetry symmetries[b, s] makes of rows[b]."""
    num_points = table.shape[1] - 1
    batch, copies = symmetries.shape
    for target in range(batch * copies):
        moves = table[symmetries[target // copies, target % copies]]
        source = rows[target // copies]
        for start in range(0, len(source), num_points):
            _scatter(moves, source[start : start + num_points], out[target, start : start + num_points])


@jit
def _scatter(moves, source, out):
    for point in range(len(source)):
        out[moves[point]] = source[point]


@jit
def _move_logits_back(table, logits, symmetries, out):
    """out [B, A]: the logits of the actions before symmetries[b, 0] moved them."""
    for row in range(len(out)):
        moves = table[symmetries[row, 0]]
        for action in range(out.shape[1]):
            out[row, action] = logits[row, moves[action]]


@jit
def _average_logits(table, logits, mean, out):
    """out [B, A]: log of the mean of softmax(logits) over the eight rows of a position, moved back.

    mean: [A] float64 scratch.
    """
    for row in range(len(out)):
        mean[:] = 0
        for s in range(len(table)):
            _add_probabilities(table[s], logits[row * len(table) + s], mean)
        for action in range(len(mean)):
            out[row, action] = np.log(mean[action] / len(table))


@jit
def _add_probabilities(moves, logits, total):
    highest = logits[0]
    for action in range(len(logits)):
        highest = max(highest, logits[action])
    weight = 0.0
    for action in range(len(logits)):
        weight += np.exp(np.float64(logits[action] - highest))
    for action in range(len(logits)):
        total[action] += np.exp(np.float64(logits[moves[action]] - highest)) / weight
