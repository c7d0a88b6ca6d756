"""Parallel evaluation in threads, for an engine with several cores and a single tree."""

from collections.abc import Sequence
from concurrent import futures

from alphazero import evaluator as evaluators
from alphazero.go import input_families


class ThreadedEvaluator:
    """Gives batches to several evaluators in turn. Each of them except the last has its own thread.

    The last evaluator runs in the caller's thread, which would otherwise only wait. This saves a thread
    switch, which takes long on a busy machine.

    Networks release Python's lock while they compute. If two cores shared every layer, each would wait for
    the other when another program slows one of them down. With one batch for each core they do not wait.
    """

    is_asynchronous = True

    def __init__(self, team: Sequence[evaluators.Evaluator]) -> None:
        """team: evaluators of the same network that share no mutable state."""
        self._team = list(team)
        self._threads = [futures.ThreadPoolExecutor(1) for _ in self._team[1:]]
        self._turn = 0

    @property
    def num_batches(self) -> int:
        """Number of pending batches that keeps all evaluators busy."""
        return len(self._team)

    @property
    def generation(self) -> int:
        """Generation of the evaluators."""
        return evaluators.generation(self._team[0])

    @property
    def family(self) -> input_families.InputFamily:
        """What the evaluators' network takes."""
        return evaluators.family(self._team[0])

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        """Implements `Evaluator.evaluate` with one of the evaluators."""
        return self.submit(inputs).result()

    def submit(self, inputs: evaluators.Inputs) -> evaluators.Pending[evaluators.Outputs]:
        """Implements `AsynchronousEvaluator.submit`. At most `num_batches` batches may be pending."""
        turn, self._turn = self._turn, (self._turn + 1) % len(self._team)
        if turn == len(self._threads):
            return evaluators.Ready(self._team[turn].evaluate(inputs))
        return self._threads[turn].submit(self._team[turn].evaluate, inputs.copy())
