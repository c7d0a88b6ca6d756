"""Learning rates and momenta worked out by hand."""

import itertools
import math

import pytest

from alphazero.config import compose
from alphazero.config import optimizer as optimizer_config
from alphazero.training import schedules

Name = optimizer_config.ScheduleName
ADAMW = optimizer_config.OptimizerConfig(rate=2e-3, momentum=0.9)
CASES = [
    # name, step, progress, fraction of the peak learning rate; 10 steps of warm-up
    (Name.tail, 0, 0.0, 0.1),
    (Name.tail, 4, 0.0, 0.5),
    (Name.tail, 9, 0.0, 1.0),
    (Name.tail, 500, 0.6, 1.0),
    (Name.tail, 500, 0.8, 0.55),
    (Name.tail, 500, 1.0, 0.1),
    (Name.tail, 500, 1.2, 0.1),  # a run may be a little past its end
    (Name.tail, 4, 0.8, 0.275),
    (Name.constant, 0, 0.0, 0.1),
    (Name.constant, 500, 1.0, 1.0),
    (Name.steps, 0, 0.0, 0.1),
    (Name.steps, 500, 0.49, 1.0),
    (Name.steps, 500, 0.5, 0.2),
    (Name.steps, 500, 0.8, 0.04),
    (Name.steps, 500, 1.1, 0.04),
    (Name.cosine, 4, 0.0, 0.5),
    (Name.cosine, 500, 0.0, 1.0),
    (Name.cosine, 500, 0.5, 0.55),
    (Name.cosine, 500, 1 / 3, 0.1 + 0.9 * (1 + math.cos(math.pi / 3)) / 2),
    (Name.cosine, 500, 1.0, 0.1),
    (Name.onecycle, 500, 0.0, 0.2),
    (Name.onecycle, 4, 0.0, 0.1),
    (Name.onecycle, 500, 0.2, 0.6),
    (Name.onecycle, 500, 0.4, 1.0),
    (Name.onecycle, 500, 0.6, 0.6),
    (Name.onecycle, 500, 0.8, 0.2),
    (Name.onecycle, 500, 0.9, 0.15),
    (Name.onecycle, 500, 1.0, 0.1),
    (Name.inverse_sqrt, 4, 0.0, 0.5),
    (Name.inverse_sqrt, 200, 0.0, 1),
    (Name.inverse_sqrt, 800, 0.0, 0.5),
    (Name.inverse_sqrt, 800, 0.6, 0.5),
    (Name.inverse_sqrt, 800, 0.8, 0.275),
    (Name.inverse_sqrt, 800, 1.0, 0.05),
    (Name.inverse_sqrt, 20_000, 0.0, 0.1),
]


def make_config(name: Name, **settings: object) -> optimizer_config.ScheduleConfig:
    common = {"warmup_steps": 10, "final_fraction": 0.1, "milestones": [0.5, 0.75], "milestone_factor": 0.2}
    cycle = {"start_fraction": 0.2, "cycle_peak": 0.4, "cycle_end": 0.8, "decay_steps": 200}
    return optimizer_config.ScheduleConfig(name=name, **{**common, **cycle, **settings})


@pytest.mark.parametrize(("name", "step", "progress", "share"), CASES)
def test_learning_rates(name: Name, step: int, progress: float, share: float):
    setting = schedules.at(make_config(name), ADAMW, step, progress)
    assert setting.rate == pytest.approx(2e-3 * share)


@pytest.mark.parametrize(
    ("progress", "momentum"), [(0.0, 0.95), (0.2, 0.9), (0.4, 0.85), (0.6, 0.9), (0.8, 0.95), (1.0, 0.95)]
)
def test_onecycle_moves_the_momentum_against_the_learning_rate(progress: float, momentum: float):
    setting = schedules.at(make_config(Name.onecycle), ADAMW, 500, progress)
    assert setting.momentum == pytest.approx(momentum)


def test_an_optimizer_without_momentum_gets_none():
    sgd = optimizer_config.OptimizerConfig(name=optimizer_config.OptimizerName.sgd, rate=1, momentum=0)
    assert schedules.at(make_config(Name.onecycle), sgd, 500, 0.4) == (1.0, 0)


@pytest.mark.parametrize("name", [name for name in Name if name is not Name.onecycle])
def test_other_schedules_leave_the_momentum(name: Name):
    assert {schedules.at(make_config(name), ADAMW, 5, p / 10).momentum for p in range(11)} == {0.9}


def test_without_warmup_the_first_step_has_the_full_learning_rate():
    config = optimizer_config.ScheduleConfig(name=Name.tail, warmup_steps=0, tail_start=1.0)
    assert schedules.at(config, ADAMW, 0, 0.0).rate == ADAMW.rate
    assert schedules.at(config, ADAMW, 0, 1.0).rate == ADAMW.rate


@pytest.mark.parametrize("name", compose.names("schedule"))
def test_configured_schedules_end_low_and_never_jump_up(name: str):
    """Only onecycle rises, and only up to its peak; only steps jumps down."""
    config = compose.compose([f"schedule={name}"]).schedule
    config.warmup_steps = 0
    rates = [schedules.at(config, ADAMW, 0, index / 1000).rate for index in range(1001)]
    rises = [index for index in range(1000) if rates[index + 1] > rates[index]]
    assert (not rises) or (name == "onecycle" and max(rises) < 450)
    assert max(rates) == pytest.approx(ADAMW.rate)
    if name != "steps":
        assert max(abs(a - b) for a, b in itertools.pairwise(rates)) < 0.011 * ADAMW.rate
    if name != "constant":
        assert rates[-1] <= 0.1 * ADAMW.rate
