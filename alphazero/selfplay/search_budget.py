"""Search budgets of self-play: full or cheap searches (playout cap randomization)."""

from typing import NamedTuple

import numpy as np

from alphazero.config import schema
from alphazero.config import search as search_config


class SearchBudget(NamedTuple):
    """Size of one search."""

    num_simulations: int
    num_considered: int  # considered actions of Gumbel
    is_full: bool  # with noise at the root; its policy is a target


def full(config: schema.Config, is_early: bool) -> SearchBudget:
    """The budget of full searches, whose policies are targets; smaller in the run's early games."""
    search, selfplay = config.search, config.selfplay
    if search.algorithm is search_config.Algorithm.none:
        return SearchBudget(0, 0, is_full=True)
    if not is_early:
        return SearchBudget(search.num_simulations, search.num_considered, is_full=True)
    simulations = min(selfplay.early_simulations, search.num_simulations)
    return SearchBudget(simulations, selfplay.early_considered, is_full=True)


def cheap(config: schema.Config, is_early: bool) -> SearchBudget:
    """The budget of cheap searches, which only choose the move: without noise, to play as well as possible.

    With Gumbel, the best of the likeliest moves is played, rather than a random draw of them.
    """
    most = full(config, is_early)
    selfplay = config.selfplay
    return SearchBudget(
        min(selfplay.cheap_simulations, most.num_simulations),
        min(selfplay.cheap_considered, most.num_considered),
        is_full=False,
    )


def draw_full(config: schema.Config, count: int, rng: np.random.Generator) -> np.ndarray:
    """[count] bool: which moves get a full search; draws one uniform number a move, or none if all do."""
    fraction = config.selfplay.full_search_fraction
    if fraction >= 1:
        return np.ones(count, np.bool_)
    return rng.random(count) < fraction
