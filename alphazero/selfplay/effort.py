"""How much a move is searched: in full, or cheaply (playout-cap randomisation)."""

from typing import NamedTuple

import numpy as np

from alphazero.config import schema
from alphazero.config import search as search_config


class Effort(NamedTuple):
    """One kind of search."""

    num_simulations: int
    num_considered: int  # Gumbel
    is_full: bool  # with noise at the root, and its policy is a target


def full(config: schema.Config, is_early: bool) -> Effort:
    """The search that moves are learned from; smaller in the run's early games."""
    search, selfplay = config.search, config.selfplay
    if search.algorithm is search_config.Algorithm.none:
        return Effort(0, 0, is_full=True)
    if not is_early:
        return Effort(search.num_simulations, search.num_considered, is_full=True)
    simulations = min(selfplay.early_simulations, search.num_simulations)
    return Effort(simulations, selfplay.early_considered, is_full=True)


def cheap(config: schema.Config, is_early: bool) -> Effort:
    """The search that only carries the game on: as strong as it can be, so without noise.

    For Gumbel this means that the best of the likeliest moves is played, not a draw among them.
    """
    most = full(config, is_early)
    selfplay = config.selfplay
    return Effort(
        min(selfplay.cheap_simulations, most.num_simulations),
        min(selfplay.cheap_considered, most.num_considered),
        is_full=False,
    )


def draw_full(config: schema.Config, count: int, rng: np.random.Generator) -> np.ndarray:
    """[count] bool: which moves get the full search; one uniform number a move, none where all do."""
    fraction = config.selfplay.full_search_fraction
    if fraction >= 1:
        return np.ones(count, np.bool_)
    return rng.random(count) < fraction
