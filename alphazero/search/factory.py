"""Factory of searches from settings."""

import numpy as np

from alphazero.config import search as search_config
from alphazero.go import input_families
from alphazero.search import constants, interface, lockstep, raw_policy


def make(
    config: search_config.SearchConfig,
    games: np.ndarray,
    rng: np.random.Generator,
    outcome: constants.OutcomeValue = constants.ONLY_WINNING,
    *,
    num_threads: int = 1,
    family: input_families.InputFamily = input_families.LEELA,
) -> interface.Search:
    """Makes a search of `config.algorithm`. Arguments and errors are those of `lockstep.LockstepSearch`."""
    is_bare = config.algorithm is search_config.Algorithm.none
    kind = raw_policy.RawPolicy if is_bare else lockstep.LockstepSearch
    return kind(config, games, rng, outcome, num_threads=num_threads, family=family)
