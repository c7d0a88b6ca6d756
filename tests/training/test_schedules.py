"""Learning rates by hand."""

import pytest

from alphazero.config import training as training_config
from alphazero.training import schedules

TAIL, CONSTANT = training_config.ScheduleName.tail, training_config.ScheduleName.constant
CASES = [
    # name, step, progress, share of the peak rate; 10 steps of warm-up, tail from 0.6 to 0.1
    (TAIL, 0, 0.0, 0.1),
    (TAIL, 4, 0.0, 0.5),
    (TAIL, 9, 0.0, 1.0),
    (TAIL, 500, 0.6, 1.0),
    (TAIL, 500, 0.8, 0.55),
    (TAIL, 500, 1.0, 0.1),
    (TAIL, 500, 1.2, 0.1),  # a run may be a little past its end
    (TAIL, 4, 0.8, 0.275),
    (CONSTANT, 0, 0.0, 0.1),
    (CONSTANT, 500, 1.0, 1.0),
]


@pytest.mark.parametrize(("name", "step", "progress", "share"), CASES)
def test_rates(name: training_config.ScheduleName, step: int, progress: float, share: float):
    config = training_config.ScheduleConfig(name=name, warmup_steps=10, tail_start=0.6, final_fraction=0.1)
    assert schedules.rate(config, 2e-3, step, progress) == pytest.approx(2e-3 * share)


def test_without_warmup_the_first_step_is_full():
    config = training_config.ScheduleConfig(name=TAIL, warmup_steps=0, tail_start=1.0)
    assert schedules.rate(config, 1.0, 0, 0.0) == 1.0
    assert schedules.rate(config, 1.0, 0, 1.0) == 1.0
