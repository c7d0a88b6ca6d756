"""Tests of simulated gates: strengths of synthetic players, error rates, and the table."""

import dataclasses

import numpy as np
import pytest

from alphazero.evaluation import ratings
from tools import simulate_gates


@pytest.mark.parametrize("players", simulate_gates.PLAYERS, ids=lambda players: players.name)
@pytest.mark.parametrize("difference", [0.0, 100.0, -200.0])
def test_players_score_as_their_difference_predicts(players, difference):
    strength = simulate_gates._strength(players, difference)
    points = simulate_gates.draw_pairs(players, strength, 100_000, np.random.default_rng(0))
    assert np.mean(points) / 2 == pytest.approx(ratings.to_score(difference), abs=0.004)
    assert set(points) <= {0, 0.5, 1, 1.5, 2}


def test_biased_openings_cancel_within_pairs():
    fair, biased, _ = simulate_gates.PLAYERS
    spread = [
        np.var(simulate_gates.draw_pairs(players, 0.0, 50_000, np.random.default_rng(0)))
        for players in (fair, biased)
    ]
    assert spread[1] < 0.9 * spread[0]


def test_the_table(capsys):
    assert simulate_gates.main(["--gates", "3", "--num-games", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + 4 * len(simulate_gates.PLAYERS)
    assert lines[0].split() == ["players", "Elo", "promoted", "games", "to", "the", "maximum"]


def test_a_mistake_is_one_line(capsys):
    with pytest.raises(SystemExit):
        simulate_gates.main(["--elo1", "-25"])
    assert capsys.readouterr().err == (
        "python -m tools.simulate_gates: gate.elo1=-25.0: must be greater than gate.elo0, -20\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("players", simulate_gates.PLAYERS, ids=lambda players: players.name)
def test_error_rates_of_the_default_gate(players):
    """Most matches end at the maximum; docs/results.md names these rates."""
    test = simulate_gates.DEFAULT
    rng = np.random.default_rng(0)
    assert 0.06 < simulate_gates.simulate(test, players, test.elo0, 400, rng).promoted < 0.24
    assert 0.74 < simulate_gates.simulate(test, players, test.elo1, 400, rng).promoted < 0.95


@pytest.mark.slow
@pytest.mark.parametrize("players", simulate_gates.PLAYERS, ids=lambda players: players.name)
def test_error_rates_of_a_gate_with_enough_games(players):
    """3,000 gates at each of the two differences; the tolerance of one percentage point is 2.5 deviations."""
    test = dataclasses.replace(simulate_gates.DEFAULT, elo0=0, elo1=100)
    rng = np.random.default_rng(0)
    wrong = simulate_gates.simulate(test, players, test.elo0, 3_000, rng)
    assert wrong.promoted <= test.alpha + 0.01
    right = simulate_gates.simulate(test, players, test.elo1, 3_000, rng)
    assert 1 - right.promoted <= test.beta + 0.01
