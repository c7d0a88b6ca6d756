"""Evaluators whose CPU time is measured."""

from alphazero import cpu_meter
from alphazero import evaluator as evaluators


class MeteredEvaluator(evaluators.Wrapper):
    """An evaluator whose CPU time counts as one kind of work."""

    def __init__(
        self, evaluator: evaluators.Evaluator, meter: cpu_meter.CpuMeter, kind: str = "network"
    ) -> None:
        super().__init__(evaluator)
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

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        """Implements `Evaluator.evaluate`."""
        with self._meter.of(self._kind):
            return self._evaluator.evaluate(inputs)

    def submit(self, inputs: evaluators.Inputs) -> evaluators.Pending[evaluators.Outputs]:
        """Implements `AsynchronousEvaluator.submit`. The time of reading the outputs does not count."""
        with self._meter.of(self._kind):
            return evaluators.submit(self._evaluator, inputs)
