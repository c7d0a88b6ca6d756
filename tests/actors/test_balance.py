"""Tests of the measured balance of self-play and learner."""

import pytest

from actors import balance
from alphazero.config import training as training_config
from alphazero.report import status


def see(meter, **seen):
    meter.update(status.Status(**{"actors": 2, "positions_per_s": 200.0, "samples_per_s": 1480.0, **seen}))


def test_the_learner_s_capacity():
    meter = balance.BalanceMeter(training_config.TrainingConfig(replay_ratio=3.7))
    assert meter.capacity is None and meter.text == ""
    see(meter, samples_per_s=0.0)
    assert meter.capacity is None, "the learner has not begun"
    see(meter)
    assert meter.capacity == pytest.approx(4)
    assert meter.text == "the learner waits for games 50% of the time: it could feed 4.0 players and has 2"


def test_pauses_do_not_lower_the_rate_of_self_play():
    meter = balance.BalanceMeter(training_config.TrainingConfig(replay_ratio=3.7))
    see(meter)
    for _ in range(100):  # a pause of 50 s
        see(meter, positions_per_s=1.0)
    assert meter.capacity == pytest.approx(4 / 0.999**100)
    for _ in range(5000):
        see(meter, positions_per_s=100.0)
    assert meter.capacity == pytest.approx(8), "they stay slower, with a larger search budget"
