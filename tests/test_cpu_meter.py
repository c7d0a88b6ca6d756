"""Tests of CPU time by kind of work."""

import numpy as np

from alphazero import cpu_meter
from alphazero import evaluator as evaluators


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


def test_work_inside_other_work_counts_once():
    clock = _Clock()
    meter = cpu_meter.CpuMeter(clock)
    clock.now += 1
    with meter.of("steps"):
        clock.now += 3
        with meter.of("network"):
            clock.now += 5
        clock.now += 7
        assert meter.totals() == {"cpu_s": 18.0, "steps_cpu_s": 10.0, "network_cpu_s": 5.0}
    clock.now += 100
    with meter.of("network"):
        clock.now += 1
    assert meter.totals() == {"cpu_s": 119.0, "steps_cpu_s": 10.0, "network_cpu_s": 6.0}


def test_a_failure_ends_its_kind_of_work():
    clock = _Clock()
    meter = cpu_meter.CpuMeter(clock)
    try:
        with meter.of("steps"):
            raise ValueError
    except ValueError:
        clock.now += 1
    assert meter.totals()["steps_cpu_s"] == 0


def test_an_evaluator_is_metered_whether_it_is_asked_or_submitted_to():
    clock = _Clock()
    meter = cpu_meter.CpuMeter(clock)
    metered = cpu_meter.MeteredEvaluator(_SlowEvaluator(clock), meter)
    inputs = evaluators.Inputs(np.zeros((3, 18, 5, 5), np.uint8))
    assert metered.evaluate(inputs).logits.shape == (3, 26)
    assert metered.submit(inputs).result().values.shape == (3,)
    assert meter.totals()["network_cpu_s"] == 4
    assert evaluators.num_batches(metered) == 1
