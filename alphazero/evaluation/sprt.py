"""A sequential test on pairs of games: is a candidate better by at least so much, decided as early as may be.

Each pair has the same opening and colours swapped, so its points (0, 1/2, 1, 3/2 or 2: five kinds, hence
"pentanomial") are independent of those of other pairs, which its two games are not of each other. The test is
the generalised sequential probability ratio test: the likelihoods compared are those of the most likely
distributions of pairs whose means are exactly what elo0 and elo1 let one expect (Van den Bergh, "The
generalized sequential probability ratio test", hardy.uhasselt.be/Fishtest; the likeliest distribution of a
given mean is that of Owen's empirical likelihood, 1988).
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import optimize

from alphazero.evaluation import elo as ratings

_SHARES = np.arange(5) / 4
"""A pair's share of the points, for each kind."""
_PRIOR = 1e-3
"""Pairs of each kind that are assumed beforehand: without them unseen kinds would be impossible."""


class Decision(Enum):
    """What the games so far say."""

    better = "better"
    not_better = "not better"
    undecided = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """Which hypotheses are told apart, how surely, and how long it may take."""

    elo0: float
    """The difference that is not enough."""
    elo1: float
    """The one that is; greater than elo0."""
    alpha: float
    """Chance to call a candidate better whose difference is elo0."""
    beta: float
    """Chance not to call one better whose difference is elo1."""
    min_pairs: int
    """Nothing is decided before."""
    max_pairs: int
    """Then the more likely of the two hypotheses is taken."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Log-likelihood ratios at which it is decided: not better, better (Wald 1945)."""
        return math.log(self.beta / (1 - self.alpha)), math.log((1 - self.beta) / self.alpha)

    def decide(self, pair_scores: Sequence[float]) -> "Verdict":
        """The verdict on pairs in the order in which they were started; points 0 to 2 of each.

        Nothing that comes after a decision changes it: the verdict is that of the first pairs that decide.
        """
        counts = [0] * 5
        verdict = Verdict(Decision.undecided, 0.0, 0)
        for number, points in enumerate(pair_scores, 1):
            counts[round(2 * points)] += 1
            if number < self.min_pairs and number < len(pair_scores):
                continue
            verdict = self._verdict(counts, number)
            if verdict.decision is not Decision.undecided:
                return verdict
        return verdict

    def _verdict(self, counts: Sequence[int], number: int) -> "Verdict":
        ratio = log_likelihood_ratio(tuple(counts), self.elo0, self.elo1)
        low, high = self.bounds
        is_last = number >= self.max_pairs
        decision = Decision.undecided
        if number >= min(self.min_pairs, self.max_pairs):
            if ratio >= high or (is_last and ratio > 0):
                decision = Decision.better
            elif ratio <= low or is_last:
                decision = Decision.not_better
        return Verdict(decision, ratio, number)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a test says after some pairs."""

    decision: Decision
    log_likelihood_ratio: float
    """Of elo1 over elo0."""
    num_pairs: int
    """That it rests on."""


@functools.lru_cache(maxsize=1 << 17)
def log_likelihood_ratio(counts: tuple[int, ...], elo0: float, elo1: float) -> float:
    """How much likelier the pairs are at elo1 than at elo0.

    counts: pairs of each of the five kinds, that with the fewest points first. Kept, because a test looks at
    the same first pairs again with every new one.
    """
    if not any(counts):
        return 0.0
    seen = np.array(counts) + _PRIOR
    likely = [_most_likely(seen / seen.sum(), ratings.to_score(elo)) for elo in (elo0, elo1)]
    return float(np.sum(seen * (np.log(likely[1]) - np.log(likely[0]))))


def _most_likely(seen: np.ndarray, mean: float) -> np.ndarray:
    """[5] the distribution of this mean under which frequencies `seen`, none of them 0, are likeliest.

    Setting the derivatives to zero leaves seen / (1 + t (shares - mean)) with the one t that gives the mean.
    """
    away = _SHARES - mean

    def excess(t: float) -> float:
        return float(np.sum(seen * away / (1 + t * away)))

    # Within these ends all chances are positive, and the excess falls from plus to minus infinity.
    least, most = -1 / away[-1], -1 / away[0]
    margin = 1e-9 * (most - least)
    t = optimize.root_scalar(excess, bracket=(least + margin, most - margin), xtol=1e-12).root
    return seen / (1 + t * away)
