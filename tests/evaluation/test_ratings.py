"""Ratings compared with known values, and the coverage of intervals."""

import math

import numpy as np
import pytest

from alphazero.evaluation import ratings


@pytest.mark.parametrize(
    ("score", "difference"), [(0.5, 0), (0.6401, 100), (0.7597, 200), (10 / 11, 400), (1 / 11, -400)]
)
def test_expected_scores(score: float, difference: float):
    assert ratings.from_score(score) == pytest.approx(difference, abs=0.1)


def test_perfect_scores_are_bounded_on_one_side_only():
    won, lost = ratings.from_games(10, 0, 0), ratings.from_games(0, 0, 10)
    assert won.high == math.inf
    assert won.elo == ratings.from_games(9, 1, 0).elo == ratings.from_pairs([2.0] * 5).elo
    assert won.low == pytest.approx(ratings.from_score(10 / (10 + 1.959964**2)))  # Wilson's bound at p = 1
    assert lost == pytest.approx((-won.elo, -math.inf, -won.low))


def test_without_games_the_interval_is_unbounded():
    assert ratings.from_games(0, 0, 0) == (0, -math.inf, math.inf)
    assert ratings.from_pairs([]) == (0, -math.inf, math.inf)


def test_decisive_games_have_wilsons_interval():
    """55 of 100: [0.4524, 0.6439] by the textbook's table."""
    low, high = ratings.from_games(55, 0, 45)[1:]
    assert low == pytest.approx(ratings.from_score(0.4524), abs=0.1)
    assert high == pytest.approx(ratings.from_score(0.6439), abs=0.1)


def test_the_sides_mirror_each_other():
    ours, theirs = ratings.from_games(9, 4, 7), ratings.from_games(7, 4, 9)
    assert ours == pytest.approx((-theirs.elo, -theirs.high, -theirs.low))


def test_draws_and_cancelling_pairs_make_the_interval_narrower():
    def width(estimate: ratings.Estimate) -> float:
        return estimate.high - estimate.low

    assert width(ratings.from_games(5, 30, 5)) < 0.7 * width(ratings.from_games(20, 0, 20))
    assert width(ratings.from_pairs([1.0] * 20)) < 0.5 * width(ratings.from_games(20, 0, 20))
    assert width(ratings.from_pairs([0.0, 2.0] * 10)) > 1.3 * width(ratings.from_games(20, 0, 20))
    assert width(ratings.from_pairs([1.0] * 3)) > 100  # three equal pairs are not certainty


@pytest.mark.parametrize(
    ("chances", "num_pairs"),
    [((0.3, 0.1, 0.6), 20), ((0.2, 0.6, 0.2), 20), ((0.45, 0.1, 0.45), 100), ((0.05, 0.05, 0.9), 40)],
)
def test_intervals_hold_95_times_in_100(chances: tuple[float, float, float], num_pairs: int):
    """chances: probabilities of losing both games of a pair, of one win each, and of winning both."""
    rng = np.random.default_rng(1)
    truth = ratings.from_score(float(np.dot(chances, (0, 0.5, 1))))
    matches = rng.choice([0.0, 1.0, 2.0], p=chances, size=(1000, num_pairs))
    estimates = [ratings.from_pairs(list(match)) for match in matches]
    held = np.mean([estimate.low <= truth <= estimate.high for estimate in estimates])
    assert 0.925 <= held <= 0.99


def test_as_text():
    assert str(ratings.from_games(55, 0, 45)) == "+35 Elo (95 %: -33 to +103)"
    assert str(ratings.from_games(2, 0, 0)) == "+191 Elo (95 %: -113 to +inf)"
