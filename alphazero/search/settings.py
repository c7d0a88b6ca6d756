"""The search's constants in the form that kernels take."""

from typing import NamedTuple

from alphazero.config import search as search_config


class Outcome(NamedTuple):
    """What a finished game is worth: (1 - weight) * sign(score) + weight * tanh(score / scale)."""

    score_weight: float = 0.0  # 0 where only winning counts
    score_scale: float = 10.0


ONLY_WINNING = Outcome()


class Settings(NamedTuple):
    """Constants of `config.search.SearchConfig`, documented there, and of the outcome."""

    is_gumbel: bool
    c_visit: float
    c_scale: float
    gumbel_visits: int
    c_init: float
    c_base: float
    fpu_reduction: float
    forced_playouts: float
    outcome: Outcome


def from_config(config: search_config.SearchConfig, outcome: Outcome) -> Settings:
    """The constants of `config`."""
    return Settings(
        is_gumbel=config.algorithm is search_config.Algorithm.gumbel,
        c_visit=float(config.c_visit),
        c_scale=float(config.c_scale),
        gumbel_visits=int(config.gumbel_visits),
        c_init=float(config.c_init),
        c_base=float(config.c_base),
        fpu_reduction=float(config.fpu_reduction),
        forced_playouts=float(config.forced_playouts),
        outcome=Outcome(float(outcome.score_weight), float(outcome.score_scale)),
    )
