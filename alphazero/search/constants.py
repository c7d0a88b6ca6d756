"""Constants of the search in the form that kernels take."""

from typing import NamedTuple

from alphazero.config import search as search_config


class OutcomeValue(NamedTuple):
    """Value of a finished game: (1 - weight) * sign(score) + weight * tanh(score / scale)."""

    score_weight: float = 0.0  # weight; 0 if only winning counts
    score_scale: float = 10.0  # scale of the score, in points


ONLY_WINNING = OutcomeValue()


class SearchConstants(NamedTuple):
    """Constants from `config.search.SearchConfig`, which documents them, and of the outcome."""

    rule: int  # number_of(algorithm)
    c_visit: float
    c_scale: float
    gumbel_visits: int
    c_init: float
    c_base: float
    fpu_reduction: float
    forced_playouts: float
    utility_stdev_scale: float
    utility_stdev_prior: float
    lcb_stdevs: float
    outcome: OutcomeValue


def number_of(algorithm: search_config.Algorithm) -> int:
    """Number of a rule in kernels, which cannot compare enums."""
    return list(search_config.Algorithm).index(algorithm)


def from_config(config: search_config.SearchConfig, outcome: OutcomeValue) -> SearchConstants:
    """The constants of `config`."""
    return SearchConstants(
        rule=number_of(config.algorithm),
        c_visit=float(config.c_visit),
        c_scale=float(config.c_scale),
        gumbel_visits=int(config.gumbel_visits),
        c_init=float(config.c_init),
        c_base=float(config.c_base),
        fpu_reduction=float(config.fpu_reduction),
        forced_playouts=float(config.forced_playouts),
        utility_stdev_scale=float(config.utility_stdev_scale),
        utility_stdev_prior=float(config.utility_stdev_prior),
        lcb_stdevs=float(config.lcb_stdevs),
        outcome=OutcomeValue(float(outcome.score_weight), float(outcome.score_scale)),
    )
