"""CPU time of a process by kind of work."""

import contextlib
import time
from collections.abc import Callable, Iterator

from alphazero import evaluator as evaluators
from alphazero.go import input_families

SUFFIX = "cpu_s"
"""End of the names of CPU seconds among a process's metrics."""


class CpuMeter:
    """Adds up the CPU seconds of this process, of all its threads, by kind of work.

    One thread uses it. Work of one kind inside another counts for the inner kind only.
    """

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        """clock: CPU seconds of the process since its start."""
        self._clock = clock
        self._spent: dict[str, float] = {}
        self._kinds: list[str] = []
        self._since = clock()

    @contextlib.contextmanager
    def of(self, kind: str) -> Iterator[None]:
        """Counts the block as work of this kind. kind: a word of a metric's name, such as "network"."""
        self._charge()
        self._kinds.append(kind)
        try:
            yield
        finally:
            self._charge()
            self._kinds.pop()

    def totals(self) -> dict[str, float]:
        """Metrics: cpu_s of the whole process since its start, and KIND_cpu_s of each kind."""
        self._charge()
        kinds = {f"{kind}_{SUFFIX}": seconds for kind, seconds in self._spent.items()}
        return {SUFFIX: self._since, **kinds}

    def _charge(self) -> None:
        """Counts the time since the last call for the current kind."""
        now = self._clock()
        if self._kinds:
            kind = self._kinds[-1]
            self._spent[kind] = self._spent.get(kind, 0.0) + now - self._since
        self._since = now


class MeteredEvaluator:
    """An evaluator whose CPU time counts as one kind of work."""

    def __init__(self, evaluator: evaluators.Evaluator, meter: CpuMeter, kind: str = "network") -> None:
        self._evaluator = evaluator
        self._meter = meter
        self._kind = kind

    @property
    def is_asynchronous(self) -> bool:
        """Whether the evaluator is asynchronous."""
        return evaluators.is_asynchronous(self._evaluator)

    @property
    def num_batches(self) -> int:
        """Number of pending batches that keeps the evaluator busy."""
        return evaluators.num_batches(self._evaluator)

    @property
    def generation(self) -> int:
        """Generation of the evaluator."""
        return evaluators.generation(self._evaluator)

    @property
    def family(self) -> input_families.InputFamily:
        """What the evaluator's network takes."""
        return evaluators.family(self._evaluator)

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        """Implements `Evaluator.evaluate`."""
        with self._meter.of(self._kind):
            return self._evaluator.evaluate(inputs)

    def submit(self, inputs: evaluators.Inputs) -> evaluators.Pending[evaluators.Outputs]:
        """Implements `AsynchronousEvaluator.submit`. The time of reading the outputs does not count."""
        with self._meter.of(self._kind):
            return evaluators.submit(self._evaluator, inputs)
