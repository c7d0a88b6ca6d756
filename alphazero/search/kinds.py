"""The search that the settings ask for."""

from typing import Protocol

import numpy as np

from alphazero.config import search as search_config
from alphazero.search import evaluator as evaluators
from alphazero.search import lockstep, raw_policy, settings


class Search(Protocol):
    """Chooses moves for many games; documented at `lockstep.LockstepSearch`."""

    @property
    def num_evaluations(self) -> int:
        """Positions that the network was asked about so far."""
        ...

    @property
    def num_simulations(self) -> int:
        """Descents so far."""
        ...

    def reset(self, indices: np.ndarray) -> None:
        """Forgets what it knows of these games."""
        ...

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        """Follows the moves that the caller has played."""
        ...

    def evaluate_roots(self, indices: np.ndarray, evaluator: evaluators.Evaluator) -> np.ndarray:
        """The network's policy [B, A] over the legal moves of these positions."""
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
    outcome: settings.Outcome = settings.ONLY_WINNING,
    num_threads: int = 1,
) -> Search:
    """A search of `config.algorithm`, with the arguments and errors of `lockstep.LockstepSearch`."""
    is_bare = config.algorithm is search_config.Algorithm.none
    kind = raw_policy.RawPolicy if is_bare else lockstep.LockstepSearch
    return kind(config, games, rng, outcome, num_threads)
