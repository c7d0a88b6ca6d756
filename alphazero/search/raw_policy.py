"""Play without a search: one evaluation a move, with the interface of a search."""

import dataclasses

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.go import input_families
from alphazero.search import constants, interface, lockstep, sampling
from alphazero.search import tree as trees


class RawPolicy:
    """The network's policy over legal moves, with the methods of `lockstep.LockstepSearch`.

    Passes follow the rules of a search's root (adr/0019). A second pass that wins is played. A second pass
    that is worth less than the network's value is not a candidate.
    """

    def __init__(
        self,
        config: search_config.SearchConfig,
        games: np.ndarray,
        rng: np.random.Generator,
        outcome: constants.OutcomeValue = constants.ONLY_WINNING,
        *,
        num_threads: int = 1,
        family: input_families.InputFamily = input_families.LEELA,
    ) -> None:
        """Takes the arguments of `lockstep.LockstepSearch`."""
        self._rng = rng
        # There are no descents from these roots, so each tree has a single node.
        bare = dataclasses.replace(
            config, algorithm=search_config.Algorithm.gumbel, num_simulations=1, tree_reuse=False
        )
        self._roots = lockstep.LockstepSearch(
            bare, games, rng, outcome, num_threads=num_threads, family=family
        )

    @property
    def num_evaluations(self) -> int:
        """Positions that the network has evaluated so far."""
        return self._roots.num_evaluations

    @property
    def num_simulations(self) -> int:
        """Descents so far, always 0."""
        return self._roots.num_simulations

    def reset(self, indices: np.ndarray) -> None:
        """Drops the network's outputs for these games."""
        self._roots.reset(indices)

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        """Follows the moves that the caller has played."""
        self._roots.advance(indices, actions)

    def evaluate_roots(self, indices: np.ndarray, evaluator: evaluators.Evaluator) -> np.ndarray:
        """The network's policy [B, A] over the legal moves of the current positions."""
        return self._roots.evaluate_roots(indices, evaluator)

    def search(
        self, indices: np.ndarray, evaluator: evaluators.Evaluator, options: interface.SearchOptions
    ) -> interface.SearchResult:
        """Draws a move in each game from the network's policy, with or without `is_noisy`.

        In the result the policy is 1 at that move and 0 elsewhere, the values are the network's, and all
        visits are 0. Of the options only `forbid_pass` has an effect.
        """
        raw = self.evaluate_roots(indices, evaluator)
        allowed = raw.astype(np.float64)
        if options.forbid_pass is not None:
            has_other = allowed[:, :-1].any(axis=1)
            allowed[options.forbid_pass & has_other, -1] = 0
        actions = sampling.draw(allowed, self._rng)
        policy = np.zeros_like(raw)
        policy[np.arange(len(indices)), actions] = 1
        return interface.SearchResult(
            actions=actions,
            policy=policy,
            values=self._roots.tree.nodes["raw_value"][indices, trees.ROOT],
            visits=np.zeros(raw.shape, np.int32),
            raw_policy=raw,
        )
