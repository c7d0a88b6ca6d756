"""Rating differences from the results of a match, with 95 % intervals."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Z95 = 1.959964
"""Half-width of the central 95 % of the standard normal distribution."""


class Estimate(NamedTuple):
    """A rating difference in Elo."""

    elo: float  # always finite; a perfect score counts as half a point less
    low: float  # lower end of the 95 % interval, -inf if the results set no bound
    high: float  # upper end, inf if the results set no bound

    def __str__(self) -> str:
        return f"{self.elo:+.0f} Elo (95 %: {self.low:+.0f} to {self.high:+.0f})"


def from_score(score: float) -> float:
    """Returns the rating difference with the expected score `score`, a share of the points in [0, 1]."""
    if score <= 0 or score >= 1:
        return math.copysign(math.inf, score - 0.5)
    return 400 * math.log10(score / (1 - score))


def to_score(elo: float) -> float:
    """Returns the expected share of the points in [0, 1] for a rating difference; inverts `from_score`."""
    return 1 / (1 + 10 ** (-elo / 400))


def from_games(wins: int, draws: int, losses: int) -> Estimate:
    """Estimates the rating difference of two players from the first one's results in independent games."""
    return _estimate([1.0] * wins + [0.5] * draws + [0.0] * losses, games_per_score=1)


def from_pairs(pair_scores: Sequence[float]) -> Estimate:
    """Estimates the rating difference from games in pairs with the same opening and colours swapped.

    pair_scores: points of each pair, 0 to 2. The two games of a pair are not independent: an opening that
    favours Black favours both players once. The pairs are independent, so they are the units. The interval
    is narrower than that of `from_games` if the games of pairs cancel, and wider if they repeat each other.
    """
    return _estimate([points / 2 for points in pair_scores], games_per_score=2)


def _estimate(scores: Sequence[float], games_per_score: int) -> Estimate:
    """Returns Wilson's interval (1927) for an effective number of trials, from the spread of the scores.

    scores: each in [0, 1]. One more score of the largest possible spread is assumed, so that a few equal
    results do not give a zero spread.
    """
    if not len(scores):
        return Estimate(0.0, -math.inf, math.inf)
    count, mean = len(scores), float(np.mean(scores))
    trials, largest = float(count), mean * (1 - mean)
    if largest > 0:
        spread = float(np.sum((np.asarray(scores) - mean) ** 2))
        trials *= largest * (count + 1) / (spread + largest)
    shrink = 1 + Z95**2 / trials
    centre = (mean + Z95**2 / (2 * trials)) / shrink
    half = Z95 / shrink * math.sqrt(largest / trials + Z95**2 / (4 * trials**2))
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    # The formula is exact at 0 and 1, but its rounding is not.
    low, high = (0.0 if mean == 0 else low), (1.0 if mean == 1 else high)
    half_point = 0.5 / (count * games_per_score)
    shown = min(max(mean, half_point), 1 - half_point)
    return Estimate(from_score(shown), from_score(low), from_score(high))
