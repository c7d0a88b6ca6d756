"""Ratings of many players from games among them: the model of Bradley and Terry (1952), fitted by choix.

A player of strength s beats one of strength t with chance 1 / (1 + exp(t - s)); draws are half a win each.
"""

import math
from dataclasses import dataclass

import choix
import numpy as np

from alphazero.evaluation import elo as ratings

_ELO = 400 / math.log(10)
"""Elo of one unit of the model's strength."""
_PRIOR_DRAWS = 1.0
"""Drawn games that are assumed of each pair that met: a player who only won has a rating, too."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Ratings of n players; the first one is 0."""

    elo: np.ndarray
    """[n] float64."""
    covariance: np.ndarray
    """[n, n] of `elo`, from the curvature of the likelihood."""

    def estimate(self, player: int, other: int = 0) -> ratings.Estimate:
        """The player's rating less the other's, with its 95 % interval."""
        difference = float(self.elo[player] - self.elo[other])
        half = ratings.Z95 * math.sqrt(self.variance(player, other))
        return ratings.Estimate(difference, difference - half, difference + half)

    def variance(self, player: int, other: int) -> float:
        """Of the difference of two ratings, in Elo squared."""
        covariance = self.covariance
        both = covariance[player, player] + covariance[other, other]
        return max(0.0, float(both - 2 * covariance[player, other]))


def fit(points: np.ndarray) -> Fit:
    """points: [n, n] float64, what each row's player won against each column's, draws half.

    ValueError where a player is not connected to the first one by games.
    """
    met = (points + points.T) > 0
    if not _is_connected(met):
        raise ValueError("some players have met none of the others, directly or through others")
    smoothed = np.asarray(points + _PRIOR_DRAWS / 2 * met, np.float64)
    if len(points) == 1:
        return Fit(np.zeros(1), np.zeros((1, 1)))
    strengths = choix.ilsr_pairwise_dense(smoothed, max_iter=1000)
    strengths -= strengths[0]
    return Fit(_ELO * strengths, _ELO**2 * _covariance(smoothed + smoothed.T, strengths))


def most_informative_pair(
    fitted: Fit, num_games: np.ndarray, is_present: np.ndarray | None = None
) -> tuple[int, int]:
    """The two players of whom one more game would tell most.

    num_games: [n, n] so far, for ties: those who met least. is_present: [n] bool who can play, all by
    default; at least two. The measure is by how much a game shrinks the volume of the ratings' joint
    uncertainty (D-optimal design, Wald 1943).
    """
    n = len(fitted.elo)
    difference = (fitted.elo[:, None] - fitted.elo[None]) / _ELO
    chance = 1 / (1 + np.exp(-difference))
    spread = np.diag(fitted.covariance)[:, None] + np.diag(fitted.covariance)[None] - 2 * fitted.covariance
    gain = np.log1p(chance * (1 - chance) * spread / _ELO**2) - 1e-9 * num_games
    gain[np.tril_indices(n)] = -math.inf
    if is_present is not None:
        gain[~is_present] = gain[:, ~is_present] = -math.inf
    first, second = divmod(int(gain.argmax()), n)
    return first, second


def _covariance(games: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    """[n, n] the inverse of the information, with the first player's strength fixed."""
    difference = strengths[:, None] - strengths[None]
    weights = games / (2 + 2 * np.cosh(difference))
    information = np.diag(weights.sum(axis=1)) - weights
    covariance = np.zeros_like(information)
    covariance[1:, 1:] = np.linalg.inv(information[1:, 1:])
    return covariance


def _is_connected(met: np.ndarray) -> bool:
    reached = np.zeros(len(met), np.bool_)
    reached[0] = True
    for _ in range(len(met)):
        reached |= met[reached].any(axis=0)
    return bool(reached.all())
