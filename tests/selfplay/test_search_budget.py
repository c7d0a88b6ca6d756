"""Search budgets, early and late in a run."""

import numpy as np
import pytest

from alphazero.config import schema
from alphazero.selfplay import search_budget


def config_for(**selfplay):
    config = schema.Config()
    config.search.num_simulations, config.search.num_considered = 32, 16
    for name, value in selfplay.items():
        setattr(config.selfplay, name, value)
    return config


@pytest.mark.parametrize(
    ("settings", "is_early", "full", "cheap"),
    [
        ({}, False, (32, 16, True), (8, 4, False)),
        ({}, True, (16, 8, True), (8, 4, False)),
        ({"early_simulations": 4, "early_considered": 3}, True, (4, 3, True), (4, 3, False)),
        ({"early_simulations": 64}, True, (32, 8, True), (8, 4, False)),  # trees hold 32
        ({"cheap_simulations": 64, "cheap_considered": 20}, False, (32, 16, True), (32, 16, False)),
    ],
)
def test_budgets(settings, is_early, full, cheap):
    config = config_for(**settings)
    assert search_budget.full(config, is_early) == full
    assert search_budget.cheap(config, is_early) == cheap


def test_the_fraction_of_full_searches():
    rng = np.random.default_rng(0)
    assert search_budget.draw_full(config_for(full_search_fraction=0.25), 4000, rng).mean() == pytest.approx(
        0.25, abs=0.03
    )
    before = rng.bit_generator.state
    assert search_budget.draw_full(config_for(), 10, rng).all()
    assert rng.bit_generator.state == before
