"""Ratings compared with `ratings` (two players), choix and the truth (many); intervals and the next game."""

import choix
import numpy as np
import pytest
from scipy import sparse

from alphazero.evaluation import bradley_terry, ratings

ELO = 400 / np.log(10)


def play(strengths, num_games, rng):
    """Draws the points of `num_games` games between each pair."""
    n = len(strengths)
    points = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            won = rng.binomial(num_games, ratings.to_score(strengths[i] - strengths[j]))
            points[i, j], points[j, i] = won, num_games - won
    return points


def covariance(points, strengths):
    """[n, n] covariance in Elo squared, from dense matrices."""
    games = points + points.T + (points + points.T > 0)
    weights = games / (2 + 2 * np.cosh((strengths[:, None] - strengths) / ELO))
    information = np.diag(weights.sum(axis=1)) - weights
    inverse = np.zeros_like(information)
    inverse[1:, 1:] = ELO**2 * np.linalg.inv(information[1:, 1:])
    return inverse


@pytest.mark.parametrize(("wins", "losses"), [(70, 30), (55, 45), (20, 80)])
def test_two_players_have_the_difference_of_their_score(wins, losses):
    fitted = bradley_terry.fit(np.array([[0, losses], [wins, 0]], float))
    expected = ratings.from_games(wins, 0, losses)
    found = fitted.estimate(1)
    assert found.elo == pytest.approx(expected.elo, abs=4)
    assert found.high - found.low == pytest.approx(expected.high - expected.low, rel=0.1)
    assert fitted.estimate(0, 1).elo == -found.elo and fitted.elo[0] == 0


def test_ratings_are_those_that_made_the_games():
    strengths = np.array([0, 150, 300, 900, 1000])
    fitted = bradley_terry.fit(play(strengths, 4000, np.random.default_rng(0)))
    assert fitted.elo == pytest.approx(strengths, abs=35)


@pytest.mark.parametrize("n", [2, 5, 64, 65, 200])
def test_choix_and_dense_matrices_agree(n):
    """n: below, at and above the number of players whose covariances are computed at once."""
    rng, points = np.random.default_rng(n), np.zeros((n, n))
    for i in range(1, n):
        for j in {i - 1, *rng.integers(0, i, 2)}:
            points[i, j] = rng.integers(0, 9)
            points[j, i] = 8 - points[i, j]
    fitted = bradley_terry.fit(points)
    expected = ELO * choix.ilsr_pairwise_dense(points + 0.5 * (points + points.T > 0), max_iter=1000)
    assert fitted.elo == pytest.approx(expected - expected[0], abs=1e-3)
    inverse = covariance(points, fitted.elo)
    assert np.concatenate([rows for _, rows in fitted.covariances()]) == pytest.approx(inverse, rel=1e-6)
    assert fitted.variances() == pytest.approx(np.diag(inverse), rel=1e-6)
    assert fitted.variance(n - 1, n // 2) == pytest.approx(
        inverse[-1, -1] + inverse[n // 2, n // 2] - 2 * inverse[-1, n // 2], rel=1e-6
    )
    singly = [fitted.estimate(player).high for player in range(n)]
    assert [estimate.high for estimate in fitted.estimates()] == pytest.approx(singly)


def test_a_long_chain_of_sweeps_is_a_line():
    """Probabilities across the chain underflow."""
    n = 1000
    points = sparse.dok_array((n, n))
    for i in range(1, n):
        points[i, i - 1] = 40
    elos = bradley_terry.fit(points.tocsr()).elo
    assert np.diff(elos) == pytest.approx(np.full(n - 1, ELO * np.log(40.5 / 0.5)), abs=1e-6)


def test_intervals_hold_the_truth_in_about_95_of_100():
    strengths, rng, held = np.array([0, 100, 250, 320]), np.random.default_rng(1), []
    for _ in range(150):
        fitted = bradley_terry.fit(play(strengths, 40, rng))
        for player in range(1, 4):
            found = fitted.estimate(player)
            held.append(found.low <= strengths[player] <= found.high)
    assert 0.92 <= np.mean(held) <= 0.985


def test_neighbours_are_as_sure_of_each_other_as_their_games_make_them():
    """A player with one opponent adds no information about the other two."""
    chain = bradley_terry.fit(np.array([[0, 4, 0], [6, 0, 7], [0, 13, 0]], float))
    alone = bradley_terry.fit(np.array([[0, 7], [13, 0]], float))
    assert chain.variance(2, 1) == chain.variance(1, 2) == pytest.approx(alone.variance(1, 0))
    assert chain.variance(2, 0) == pytest.approx(chain.variance(2, 1) + chain.variance(1, 0))


def test_a_player_that_only_wins_or_loses_has_a_finite_rating():
    fitted = bradley_terry.fit(np.array([[0, 0, 0], [20, 0, 0], [0, 20, 0]], float))
    assert 400 < fitted.elo[1] < 1200 and 400 < fitted.elo[2] - fitted.elo[1] < 1200
    assert fitted.variance(2, 0) > fitted.variance(1, 0)


def test_players_without_a_common_opponent_are_refused():
    points = np.zeros((4, 4))
    points[0, 1] = points[2, 3] = 5
    with pytest.raises(ValueError, match="not connected to the others by games"):
        bradley_terry.fit(points)
    assert bradley_terry.fit(np.zeros((1, 1))).elo.tolist() == [0]


def test_the_least_known_player_plays_next():
    """Players 1 and 2 are equal and have many games. Player 3 has only two, and is closest to them."""
    points = np.zeros((4, 4))
    points[1, 0], points[0, 1] = 60, 40
    points[2, 1], points[1, 2] = 50, 50
    points[3, 2], points[2, 3] = 1, 1
    fitted = bradley_terry.fit(points)
    first, second = bradley_terry.most_informative_pair(fitted, points + points.T)
    assert 3 in (first, second) and first < second


def test_the_next_game_reduces_uncertainty_most():
    rng = np.random.default_rng(2)
    points = play(np.array([0, 100, 200, 800]), 6, rng)
    fitted = bradley_terry.fit(points)
    games = points + points.T
    volumes = {}
    for i in range(4):
        for j in range(i + 1, 4):
            more = points.copy()
            more[i, j] += 0.5
            more[j, i] += 0.5
            volumes[i, j] = np.linalg.det(covariance(more, fitted.elo)[1:, 1:])
    assert bradley_terry.most_informative_pair(fitted, games) == min(volumes, key=volumes.__getitem__)
