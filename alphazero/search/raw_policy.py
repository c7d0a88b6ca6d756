"""Play without a search, behind the methods of one: the network is asked once a move."""

import dataclasses

import numpy as np

from alphazero.config import search as search_config
from alphazero.search import evaluator as evaluators
from alphazero.search import lockstep, sampling, settings
from alphazero.search import tree as trees


class RawPolicy:
    """The network's own policy over legal moves, with the methods of `lockstep.LockstepSearch`.

    Passes are settled by the rules as at a search's root (adr/0019): a second pass that wins is played,
    one that loses what the network hopes for is not among the moves.
    """

    def __init__(
        self,
        config: search_config.SearchConfig,
        games: np.ndarray,
        rng: np.random.Generator,
        outcome: settings.Outcome = settings.ONLY_WINNING,
        num_threads: int = 1,
    ) -> None:
        """Arguments as those of `lockstep.LockstepSearch`."""
        self._rng = rng
        # Roots are opened and never descended from, so these trees have a single node.
        bare = dataclasses.replace(
            config, algorithm=search_config.Algorithm.gumbel, num_simulations=1, tree_reuse=False
        )
        self._roots = lockstep.LockstepSearch(bare, games, rng, outcome, num_threads)

    @property
    def num_evaluations(self) -> int:
        """Positions that the network was asked about so far."""
        return self._roots.num_evaluations

    @property
    def num_simulations(self) -> int:
        """Descents so far, which there are none of."""
        return self._roots.num_simulations

    def reset(self, indices: np.ndarray) -> None:
        """Forgets the network's answers for these games."""
        self._roots.reset(indices)

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        """Hears of the moves that the caller has played."""
        self._roots.advance(indices, actions)

    def evaluate_roots(self, indices: np.ndarray, evaluator: evaluators.Evaluator) -> np.ndarray:
        """The network's policy [B, A] over the legal moves of these positions."""
        return self._roots.evaluate_roots(indices, evaluator)

    def search(
        self, indices: np.ndarray, evaluator: evaluators.Evaluator, options: lockstep.SearchOptions
    ) -> lockstep.SearchResult:
        """A move in each game, drawn from the network's policy also where no noise is asked for.

        The result's policy is 1 at that move and 0 elsewhere, its values are the network's own, and
        nothing was visited. Of the options only forbid_pass matters.
        """
        raw = self.evaluate_roots(indices, evaluator)
        allowed = raw.astype(np.float64)
        if options.forbid_pass is not None:
            has_other = allowed[:, :-1].any(axis=1)
            allowed[options.forbid_pass & has_other, -1] = 0
        actions = sampling.draw(allowed, self._rng)
        policy = np.zeros_like(raw)
        policy[np.arange(len(indices)), actions] = 1
        return lockstep.SearchResult(
            actions=actions,
            policy=policy,
            values=self._roots.tree.nodes["raw_value"][indices, trees.ROOT],
            visits=np.zeros(raw.shape, np.int32),
            raw_policy=raw,
        )
