"""An evaluator's CPU time counts as one kind of work."""

import numpy as np

from alphazero import cpu_meter
from alphazero import evaluator as evaluators
from alphazero.search import metering


class _Clock:
    def __init__(self) -> None:
        self.now = 2.0

    def __call__(self) -> float:
        return self.now


class _SlowEvaluator(evaluators.UniformEvaluator):
    """Takes two seconds for a call."""

    def __init__(self, clock: _Clock) -> None:
        super().__init__(5)
        self._clock = clock

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        self._clock.now += 2
        return super().evaluate(inputs)


def test_an_evaluator_is_metered_whether_it_is_asked_or_submitted_to():
    clock = _Clock()
    meter = cpu_meter.CpuMeter(clock)
    metered = metering.MeteredEvaluator(_SlowEvaluator(clock), meter)
    inputs = evaluators.Inputs(np.zeros((3, 18, 5, 5), np.uint8))
    assert metered.evaluate(inputs).logits.shape == (3, 26)
    assert metered.submit(inputs).result().values.shape == (3,)
    assert meter.totals()["network_cpu_s"] == 4
    assert evaluators.num_batches(metered) == 1
