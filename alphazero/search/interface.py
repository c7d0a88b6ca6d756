"""Interface of a search: its options, its results and its methods."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from alphazero import evaluator as evaluators


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """Settings that may differ from one search to the next."""

    num_simulations: int
    """Descents for each game; at most the `max_simulations` of the search."""
    num_considered: int = 16
    """Gumbel: moves that enter sequential halving."""
    is_noisy: bool = False
    """Whether the root explores: Gumbel or Dirichlet noise, for self-play."""
    forbid_pass: np.ndarray | None = None
    """[B] bool, games in which the next move must not be a pass; none by default."""
    allowed: np.ndarray | None = None
    """[B, A] bool, the moves to choose from; all by default, and also if none of them is legal."""
    settles_passes: bool = True
    """Whether the pass is the only move at a root where a second pass wins; False compares all moves."""
    should_stop: Callable[[], bool] | None = None
    """Called after every step. When it returns True, the search ends with the results so far."""


class SearchResult(NamedTuple):
    """Results for B games and A actions. Values are seen by the player to move."""

    actions: np.ndarray  # [B] int64 chosen moves
    policy: np.ndarray  # [B, A] float32 improved policy, the target of training
    values: np.ndarray  # [B] float32 values of the roots after the search
    visits: np.ndarray  # [B, A] int32 visits of the roots' children, including those of kept subtrees
    raw_policy: np.ndarray  # [B, A] float32 the network's policy over legal moves


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
        self, indices: np.ndarray, evaluator: evaluators.Evaluator, options: SearchOptions
    ) -> SearchResult:
        """Chooses a move in each of these games."""
        ...
