"""Ratings of many players from games among them, by the model of Bradley and Terry (1952).

A player of strength s beats one of strength t with probability 1 / (1 + exp(t - s)). A draw is half a win for
each. Most pairs never meet, so the matrices are sparse: a thousand players take megabytes and a second.
"""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph, linalg

from alphazero.evaluation import ratings

_ELO = 400 / math.log(10)
"""Elo of one unit of the model's strength."""
_PRIOR_DRAWS = 1.0
"""Drawn games that are added to each pair that met, so that a player with wins only has a finite rating."""
_MAX_STEPS = 200
_MAX_CHANGE = 2.0
"""Most change of the difference of a pair that met. Newton steps overshoot near probabilities of 0 and 1."""
_PRECISION = 1e-9
"""Change of those differences below which the fit ends."""
_CHUNK = 1 << 14
"""Covariances in memory at once, so that the memory of a fit does not grow with the number of players."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fit:
    """Ratings of n players; the first one is 0."""

    elo: np.ndarray
    """[n] float64."""
    _factors: linalg.SuperLU | None
    """Factors of the information matrix of all strengths but the first; None for one player."""

    def estimate(self, player: int, other: int = 0) -> ratings.Estimate:
        """Returns the player's rating minus the other's, with its 95 % interval."""
        return self._estimate(self.elo[player] - self.elo[other], self.variance(player, other))

    def estimates(self) -> list[ratings.Estimate]:
        """Returns each player's rating minus the first one's, with its 95 % interval."""
        return list(map(self._estimate, self.elo, self.variances()))

    def variances(self) -> np.ndarray:
        """[n] variances of the ratings in Elo squared: the diagonal of the covariance."""
        return np.concatenate([np.diagonal(rows[:, start:]) for start, rows in self.covariances()])

    def variance(self, player: int, other: int = 0) -> float:
        """Returns the variance of the difference of two ratings, in Elo squared."""
        contrast = np.zeros(len(self.elo))
        contrast[player] += 1
        contrast[other] -= 1
        return max(0.0, float(contrast @ self._solve(contrast[:, None])[:, 0]))

    def covariances(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yields the ratings' covariance in Elo squared: the number of the first row, and rows [k, n].

        It is the inverse curvature of the log-likelihood, with the first player's strength fixed.
        """
        n = len(self.elo)
        num_rows = max(1, _CHUNK // n)
        for start in range(0, n, num_rows):
            yield start, self._solve(np.eye(n, min(num_rows, n - start), -start)).T

    def _solve(self, right: np.ndarray) -> np.ndarray:
        """Returns the covariance times a matrix [n, k]."""
        answer = np.zeros_like(right)
        if self._factors is not None:
            answer[1:] = _ELO**2 * self._factors.solve(right[1:])
        return answer

    @staticmethod
    def _estimate(difference: float, variance: float) -> ratings.Estimate:
        difference, half = float(difference), ratings.Z95 * math.sqrt(max(0.0, variance))
        return ratings.Estimate(difference, difference - half, difference + half)


def fit(points: np.ndarray | sparse.csr_array) -> Fit:
    """Fits the ratings of n players.

    points: [n, n] points of each row's player against each column's, draws half; dense or sparse.
    Raises ValueError if a player is not connected to the first one by games.
    """
    won = sparse.csr_array(points, dtype=np.float64)
    n = len(won.indptr) - 1
    games = sparse.csr_array(won + won.T)
    num_groups, _ = csgraph.connected_components(games, directed=False)
    if num_groups > 1:
        raise ValueError("some players are not connected to the others by games")
    strengths = np.zeros(n)
    if n == 1:
        return Fit(strengths, None)
    met = sparse.coo_array(games)
    a, b = met.coords  # each pair that met is in it twice
    num_games = met.data + _PRIOR_DRAWS
    score = won.sum(axis=1) + _PRIOR_DRAWS / 2 * np.bincount(a, minlength=n)
    for _ in range(_MAX_STEPS):
        chance = _chance(strengths[a] - strengths[b])
        factors = _factorize(a, b, num_games * chance * (1 - chance), n)
        gradient = score - np.bincount(a, num_games * chance, n)
        step = np.concatenate([[0.0], factors.solve(gradient[1:])])
        change = np.abs(step[a] - step[b]).max()
        strengths += step * min(1.0, _MAX_CHANGE / max(change, _PRECISION))
        if change < _PRECISION:
            break
    return Fit(_ELO * strengths, factors)


def most_informative_pair(
    fitted: Fit, num_games: np.ndarray | sparse.csr_array, is_present: np.ndarray | None = None
) -> tuple[int, int]:
    """Returns the two players whose next game is the most informative.

    The measure is how much a game shrinks the volume of the ratings' joint uncertainty (D-optimal design,
    Wald 1943). num_games: [n, n] so far; ties go to the pair with the fewest. is_present: [n] bool, the
    players that can play, at least two; all by default.
    """
    n = len(fitted.elo)
    variances, strengths = fitted.variances(), fitted.elo / _ELO
    games = sparse.csr_array(num_games)
    best, pair = -math.inf, (0, 1)
    for start, covariance in fitted.covariances():
        rows = np.arange(start, start + len(covariance))
        chance = _chance(strengths[rows, None] - strengths)
        spread = (variances[rows, None] + variances - 2 * covariance) / _ELO**2
        gain = np.log1p(chance * (1 - chance) * spread) - 1e-9 * games[rows].toarray()
        gain[rows[:, None] >= np.arange(n)] = -math.inf
        if is_present is not None:
            gain[~is_present[rows]] = gain[:, ~is_present] = -math.inf
        if gain.max() > best:
            first, second = divmod(int(gain.argmax()), n)
            best, pair = float(gain.max()), (start + first, second)
    return pair


def _chance(difference: np.ndarray) -> np.ndarray:
    """Returns the probability of a win for a difference of strengths."""
    return 0.5 + 0.5 * np.tanh(difference / 2)


def _factorize(a: np.ndarray, b: np.ndarray, weight: np.ndarray, n: int) -> linalg.SuperLU:
    """Factorizes the information matrix of strengths 1 to n - 1, a Laplacian of the graph of pairs."""
    rows, columns = np.concatenate([a, a]), np.concatenate([a, b])
    laplacian = sparse.csc_array((np.concatenate([weight, -weight]), (rows, columns)), shape=(n, n))
    return linalg.splu(laplacian[1:, 1:])
