"""The temperature, against numbers worked out by hand, and draws, against their probabilities."""

import numpy as np
import pytest

from alphazero.config import selfplay as selfplay_config
from alphazero.search import sampling
from alphazero.selfplay import temperature

KATAGO = selfplay_config.SelfPlayConfig(
    temperature_early=0.75, temperature_late=0.15, temperature_half_life=19
)


@pytest.mark.parametrize(
    ("size", "ply", "expected"),
    [
        (19, 0, 0.75),
        (19, 19, 0.45),  # 0.15 + 0.6 / 2
        (19, 38, 0.30),
        (9, 9, 0.45),  # the half-life of 9x9 is 9
        (9, 27, 0.225),
        (9, 900, 0.15),
    ],
)
def test_fall(size, ply, expected):
    assert temperature.at(KATAGO, size, np.array([ply]))[0] == pytest.approx(expected)


def test_by_default_it_stays_at_one():
    plies = np.arange(100)
    assert (temperature.at(selfplay_config.SelfPlayConfig(), 9, plies) == 1).all()


def test_probabilities_follow_the_temperature():
    """A policy of 4 : 1 becomes 16 : 1 at temperature 1/2 and 2 : 1 at temperature 2; zero stays zero."""
    policy = np.tile(np.array([0.8, 0.0, 0.2], np.float32), (3 * 4000, 1))
    temperatures = np.repeat([1.0, 0.5, 2.0], 4000)
    drawn = temperature.draw(policy, temperatures, np.random.default_rng(0)).reshape(3, 4000)
    assert not (drawn == 1).any()
    assert (drawn == 0).mean(axis=1) == pytest.approx([4 / 5, 16 / 17, 2 / 3], abs=0.02)


def test_low_temperatures_of_flat_policies_draw_the_best():
    policy = np.full((50, 362), 1 / 400, np.float32)
    policy[:, 7] += 1 / 400
    drawn = temperature.draw(policy, np.full(50, 0.01), np.random.default_rng(0))
    assert (drawn == 7).all()


def test_at_one_it_is_a_draw_from_the_policy():
    policy = np.random.default_rng(1).dirichlet(np.ones(26), 200).astype(np.float32)
    drawn = temperature.draw(policy, np.ones(200), np.random.default_rng(2))
    assert np.array_equal(drawn, sampling.draw(policy.astype(np.float64), np.random.default_rng(2)))
