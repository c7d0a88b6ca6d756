"""The sequential test: likelihoods compared with scipy's optimiser, order of pairs, and bounds."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import optimize

from alphazero.evaluation import ratings, sprt

TEST = sprt.Test(elo0=0, elo1=100, alpha=0.05, beta=0.05, min_pairs=4, max_pairs=60)
SHARES = np.arange(5) / 4


def likelihood_by_brute_force(counts, mean):
    """Returns the largest log-likelihood of any distribution of this mean, by a general optimiser."""
    seen = counts + 1e-3

    def cost(logits):
        return -np.sum(seen * (logits - np.logaddexp.reduce(logits)))

    def away(logits):
        return np.exp(logits - np.logaddexp.reduce(logits)) @ SHARES - mean

    found = optimize.minimize(
        cost, np.log(seen / seen.sum()), constraints={"type": "eq", "fun": away}, method="SLSQP",
        options={"maxiter": 2000, "ftol": 1e-13},
    )  # fmt: skip
    return -found.fun


@pytest.mark.parametrize(
    "counts", [[3, 5, 20, 7, 2], [0, 0, 10, 0, 0], [1, 0, 4, 0, 9], [10, 20, 40, 25, 5], [0, 0, 0, 0, 3]]
)
def test_likelihoods_are_the_largest(counts):
    means = [ratings.to_score(0), ratings.to_score(100)]
    low, high = (likelihood_by_brute_force(np.array(counts), mean) for mean in means)
    assert sprt.log_likelihood_ratio(tuple(counts), 0, 100) == pytest.approx(high - low, abs=2e-4)


def test_the_ratio_is_odd_under_exchange_of_the_players():
    counts = (3, 5, 20, 7, 2)
    ratio = sprt.log_likelihood_ratio(counts, 0, 50)
    assert sprt.log_likelihood_ratio(counts[::-1], -50, 0) == pytest.approx(-ratio)
    assert sprt.log_likelihood_ratio((0,) * 5, 0, 50) == 0


def test_bounds_are_wald_s():
    assert TEST.bounds == pytest.approx((math.log(0.05 / 0.95), math.log(0.95 / 0.05)))
    careful = dataclasses.replace(TEST, alpha=0.01, beta=0.2)
    assert careful.bounds == pytest.approx((math.log(0.2 / 0.99), math.log(0.8 / 0.01)))


@pytest.mark.parametrize(
    ("pairs", "decision", "num_pairs"),
    [
        ([], "undecided", 0),
        ([2, 2, 2], "undecided", 3),  # too few, however clear
        ([2] * 20, "better", None),
        ([0] * 20, "not better", None),
        ([2, 0, 1, 1.5] * 5, "undecided", 20),
        ([1.5, 0.5] * 10, "not better", None),  # halves are more evidence than whole points
        ([1] * 59, "not better", None),
        ([2, 0, 1, 1.5] * 13 + [2, 2, 1, 1.5] * 2, "better", 60),  # at the maximum, the likelier hypothesis
        ([2, 0, 1, 1.5] * 15, "not better", 60),
    ],
)
def test_decisions(pairs, decision, num_pairs):
    result = TEST.decide(pairs)
    assert result.decision.value == decision
    assert num_pairs is None or result.num_pairs == num_pairs


def test_later_pairs_do_not_change_a_decision():
    won = [2.0] * 20
    result = TEST.decide(won)
    assert TEST.min_pairs <= result.num_pairs < 20
    assert TEST.decide(won[: result.num_pairs] + [0.0] * 30) == result


def test_a_minimum_beyond_the_maximum_is_the_maximum():
    test = sprt.Test(elo0=0, elo1=100, alpha=0.05, beta=0.05, min_pairs=10, max_pairs=2)
    assert test.decide([2, 1.5]).decision is sprt.Decision.better
    assert test.decide([1, 1]).decision is sprt.Decision.not_better
