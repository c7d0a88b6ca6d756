"""Several evaluators at work at once, for an engine with more than one core and a single tree."""

from collections.abc import Sequence
from concurrent import futures

import numpy as np

from alphazero.search import evaluator as evaluators


class ThreadedEvaluator:
    """Batches go to the evaluators in turns; all but the last of these have a thread of their own.

    The last one works in the caller's thread, which would only wait otherwise: that saves a change of
    threads, which takes long on a busy machine.

    Networks release Python's lock while they compute. Two cores that shared each layer would wait for
    one another as soon as another program takes a part of one of them; with a batch each they do not.
    """

    is_asynchronous = True

    def __init__(self, team: Sequence[evaluators.Evaluator]) -> None:
        """team: evaluators of the same network, with nothing in common that they change."""
        self._team = list(team)
        self._threads = [futures.ThreadPoolExecutor(1) for _ in self._team[1:]]
        self._turn = 0

    @property
    def num_batches(self) -> int:
        """Batches that should be under way at once."""
        return len(self._team)

    @property
    def generation(self) -> int:
        """The evaluators'."""
        return evaluators.generation(self._team[0])

    def evaluate(self, planes: np.ndarray) -> evaluators.Answers:
        """As the protocol says, by one of the evaluators."""
        return self.submit(planes).result()

    def submit(self, planes: np.ndarray) -> evaluators.Pending:
        """As the protocol says; `num_batches` may be under way."""
        turn, self._turn = self._turn, (self._turn + 1) % len(self._team)
        if turn == len(self._threads):
            return evaluators.Finished(*self._team[turn].evaluate(planes))
        return self._threads[turn].submit(self._team[turn].evaluate, planes.copy())
