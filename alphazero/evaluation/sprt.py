"""Sequential test on pairs of games: whether a candidate is better by a given margin, with few games.

The two games of a pair have the same opening and colours swapped. They are not independent of each other,
but pairs are. A pair has 0, 1/2, 1, 3/2 or 2 points: five kinds, hence "pentanomial".

The test is the generalised sequential probability ratio test. It compares two likelihoods: those of the most
likely distributions of pairs whose means are the expected scores at elo0 and elo1 (Van den Bergh, "The
generalized sequential probability ratio test", hardy.uhasselt.be/Fishtest). The most likely distribution of a
given mean is that of Owen's empirical likelihood (1988).
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import optimize

from alphazero.evaluation import ratings

_SHARES = np.arange(5) / 4
"""Share of the points of a pair, for each kind."""
_PRIOR = 1e-3
"""Pairs of each kind that are added beforehand. Without them, unseen kinds would be impossible."""


class Decision(Enum):
    """Outcome of the test so far."""

    better = "better"
    not_better = "not better"
    undecided = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """Hypotheses of a test, error probabilities and limits of its length."""

    elo0: float
    """Rating difference that is too small."""
    elo1: float
    """Rating difference that is sufficient; greater than elo0."""
    alpha: float
    """Probability of accepting a candidate whose difference is elo0."""
    beta: float
    """Probability of rejecting a candidate whose difference is elo1."""
    min_pairs: int
    """Least number of pairs before a decision."""
    max_pairs: int
    """Most pairs. Then the more likely hypothesis is accepted."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Log-likelihood ratios that decide the test: not better, better (Wald 1945)."""
        return math.log(self.beta / (1 - self.alpha)), math.log((1 - self.beta) / self.alpha)

    def decide(self, pair_scores: Sequence[float]) -> "SprtDecision":
        """Decides on pairs in the order in which they started, each with 0 to 2 points.

        The first pairs that suffice decide the test. Later pairs do not change the decision.
        """
        counts = [0] * 5
        result = SprtDecision(Decision.undecided, 0.0, 0)
        for number, points in enumerate(pair_scores, 1):
            counts[round(2 * points)] += 1
            if number < self.min_pairs and number < len(pair_scores):
                continue
            result = self._decide(counts, number)
            if result.decision is not Decision.undecided:
                return result
        return result

    def _decide(self, counts: Sequence[int], number: int) -> "SprtDecision":
        ratio = log_likelihood_ratio(tuple(counts), self.elo0, self.elo1)
        low, high = self.bounds
        is_last = number >= self.max_pairs
        decision = Decision.undecided
        if number >= min(self.min_pairs, self.max_pairs):
            if ratio >= high or (is_last and ratio > 0):
                decision = Decision.better
            elif ratio <= low or is_last:
                decision = Decision.not_better
        return SprtDecision(decision, ratio, number)


@dataclass(frozen=True, slots=True)
class SprtDecision:
    """State of a test after some pairs."""

    decision: Decision
    log_likelihood_ratio: float
    """Log-likelihood of elo1 minus that of elo0."""
    num_pairs: int
    """Pairs that the decision uses."""


@functools.lru_cache(maxsize=1 << 17)
def log_likelihood_ratio(counts: tuple[int, ...], elo0: float, elo1: float) -> float:
    """Returns the log-likelihood ratio of the pairs at elo1 against elo0.

    counts: pairs of each of the five kinds, fewest points first. Results are cached, as a test evaluates the
    same first pairs again for every new one.
    """
    if not any(counts):
        return 0.0
    seen = np.array(counts) + _PRIOR
    likely = [_most_likely(seen / seen.sum(), ratings.to_score(elo)) for elo in (elo0, elo1)]
    return float(np.sum(seen * (np.log(likely[1]) - np.log(likely[0]))))


def _most_likely(seen: np.ndarray, mean: float) -> np.ndarray:
    """[5] the distribution with this mean that maximises the likelihood of frequencies `seen`, all positive.

    Setting the derivatives to zero gives seen / (1 + t (shares - mean)), with the one t that yields the mean.
    """
    away = _SHARES - mean

    def excess(t: float) -> float:
        return float(np.sum(seen * away / (1 + t * away)))

    # Within these bounds all probabilities are positive, and the excess falls from plus to minus infinity.
    least, most = -1 / away[-1], -1 / away[0]
    margin = 1e-9 * (most - least)
    t = optimize.root_scalar(excess, bracket=(least + margin, most - margin), xtol=1e-12).root
    return seen / (1 + t * away)
