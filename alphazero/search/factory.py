"""Factory of searches from settings."""

from typing import Protocol

import numpy as np

from alphazero.config import search as search_config
from alphazero.search import constants, lockstep, raw_policy
from alphazero.search import evaluator as evaluators


class Search(Protocol):
    """Chooses moves for many games. `lockstep.LockstepSearch` documents the methods."""

    @property
    def num_evaluations(self) -> int:
        """Positions that the network has evaluated so far."""
        ...

    @property
    def num_simulations(self) -> int:
        """Descents so far."""
        ...

    def reset(self, indices: np.ndarray) -> None:
        """Drops the state of these games."""
        ...

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        """Follows the moves that the caller has played in these games."""
        ...

    def evaluate_roots(self, indices: np.ndarray, evaluator: evaluators.Evaluator) -> np.ndarray:
        """The network's policy [B, A] over the legal moves of the current positions."""
        ...

    def search(
        self, indices: np.ndarray, evaluator: evaluators.Evaluator, options: lockstep.SearchOptions
    ) -> lockstep.SearchResult:
        """Chooses a move in each of these games."""
        ...


def make(
    config: search_config.SearchConfig,
    games: np.ndarray,
    rng: np.random.Generator,
    outcome: constants.OutcomeValue = constants.ONLY_WINNING,
    num_threads: int = 1,
) -> Search:
    """Makes a search of `config.algorithm`. Arguments and errors are those of `lockstep.LockstepSearch`."""
    is_bare = config.algorithm is search_config.Algorithm.none
    kind = raw_policy.RawPolicy if is_bare else lockstep.LockstepSearch
    return kind(config, games, rng, outcome, num_threads)
