"""Search for many games at once: each step descends one path a game and asks the network once."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from alphazero.config import search as search_config
from alphazero.go import board, features, geometry
from alphazero.search import evaluator as evaluators
from alphazero.search import gumbel, mcts, settings
from alphazero.search import root as roots
from alphazero.search import tree as trees


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """What may differ from one search to the next."""

    num_simulations: int
    """Descents for each game, at most the configured `num_simulations`."""
    num_considered: int = 16
    """Gumbel: moves that enter sequential halving."""
    is_noisy: bool = False
    """Whether the root explores: Gumbel or Dirichlet noise, for self-play."""
    forbid_pass: np.ndarray | None = None
    """[B] bool, games that must not pass now; none by default."""


class SearchResult(NamedTuple):
    """B searched games, A actions; values are seen by the player to move."""

    actions: np.ndarray  # [B] int64 the chosen moves
    policy: np.ndarray  # [B, A] float32 the improved policy, the target of training
    values: np.ndarray  # [B] float32 the roots' values after the search
    visits: np.ndarray  # [B, A] int32 visits of the roots' children, kept subtrees included
    raw_policy: np.ndarray  # [B, A] float32 the network's own policy over legal moves


class LockstepSearch:
    """Trees for G games; every method takes the indices of the games it concerns."""

    def __init__(
        self,
        config: search_config.SearchConfig,
        games: np.ndarray,
        rng: np.random.Generator,
        outcome: settings.Outcome = settings.ONLY_WINNING,
    ) -> None:
        """games: [G] game records of one board size, advanced by the caller alone.

        outcome: what finished games are worth; by default only winning counts.
        """
        self._config = config
        self._games = games
        self._rng = rng
        num_games, num_points = len(games), games["stones"].shape[1] - 1
        self._size = round(num_points**0.5)
        self._tables = mcts.Tables(
            geometry.make(self._size), settings.from_config(config, outcome), board.make_scratch(num_points)
        )
        # A kept subtree may hold twice as many nodes as a search adds.
        self._kept_nodes = 2 * config.num_simulations + 1
        num_nodes = self._kept_nodes + config.num_simulations + 1
        self._tree = trees.make_tree(num_games, num_nodes, num_points + 1)
        self._new_index = np.zeros(num_nodes, np.int32)
        self._leaves = mcts.make_leaves(games)
        self._schedules: dict[tuple[int, int], np.ndarray] = {}
        self._root = roots.make_root(num_games, num_points + 1, self._schedule(1, 1))
        self.num_evaluations = 0
        self.num_simulations = 0

    @property
    def tree(self) -> trees.Tree:
        """The trees, for display and tests; not to be changed."""
        return self._tree

    def reset(self, indices: np.ndarray) -> None:
        """Forgets the trees of these games."""
        self._tree.num_nodes[indices] = 0

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        """Follows the moves that the caller has played; keeps the subtrees if so configured."""
        if not self._config.tree_reuse:
            self.reset(indices)
            return
        for index, action in zip(indices, actions, strict=True):
            trees.keep_subtree(self._tree, self._new_index, int(index), int(action), self._kept_nodes)

    def evaluate_roots(self, indices: np.ndarray, evaluator: evaluators.Evaluator) -> np.ndarray:
        """The network's policy [B, A] over the legal moves of these positions, without a search."""
        fresh = indices[self._tree.num_nodes[indices] == 0]
        if len(fresh):
            self._simulate(fresh, evaluator, simulation=0)
        return self._tree.priors[indices, trees.ROOT]

    def search(
        self, indices: np.ndarray, evaluator: evaluators.Evaluator, options: SearchOptions
    ) -> SearchResult:
        """Searches the positions of these games and chooses a move in each."""
        assert options.num_simulations <= self._config.num_simulations
        self.evaluate_roots(indices, evaluator)
        self._prepare_roots(indices, options)
        for simulation in range(options.num_simulations):
            self._simulate(indices, evaluator, simulation)
        self.num_simulations += options.num_simulations * len(indices)
        return self._read_results(indices)

    def _prepare_roots(self, indices: np.ndarray, options: SearchOptions) -> None:
        config = self._config
        forbid_pass = options.forbid_pass
        if forbid_pass is None:
            forbid_pass = np.zeros(len(indices), np.bool_)
        schedule = self._schedule(options.num_considered, options.num_simulations)
        self._root = self._root._replace(schedule=schedule)
        roots.allow_moves(self._tree, self._root, indices, forbid_pass, options.num_considered)
        if not options.is_noisy:
            return
        if config.algorithm is search_config.Algorithm.gumbel:
            roots.add_gumbel_noise(self._root, indices, self._rng)
        else:
            roots.add_dirichlet_noise(
                self._root, indices, self._rng, config.noise_fraction, config.noise_concentration
            )

    def _simulate(self, indices: np.ndarray, evaluator: evaluators.Evaluator, simulation: int) -> None:
        num_rows = mcts.descend(
            self._tables, self._games, self._tree, self._root, self._leaves, indices, simulation
        )
        planes = self._leaves.planes[:num_rows].reshape(num_rows, features.NUM_PLANES, self._size, self._size)
        logits, values = evaluator.evaluate(planes) if num_rows else _NOTHING
        self.num_evaluations += num_rows
        mcts.expand_and_back_up(self._tree, self._leaves, indices, logits, values)

    def _read_results(self, indices: np.ndarray) -> SearchResult:
        shape = (len(indices), self._root.priors.shape[1])
        results = SearchResult(
            actions=np.zeros(len(indices), np.int64),
            policy=np.zeros(shape, np.float32),
            values=np.zeros(len(indices), np.float32),
            visits=np.zeros(shape, np.int32),
            raw_policy=np.zeros(shape, np.float32),
        )
        mcts.read_results(self._tables, self._tree, self._root, indices, results)
        return results

    def _schedule(self, num_considered: int, num_simulations: int) -> np.ndarray:
        key = (num_considered, num_simulations)
        if key not in self._schedules:
            self._schedules[key] = gumbel.halving_schedule(*key)
        return self._schedules[key]


_NOTHING = (np.zeros((0, 1), np.float32), np.zeros(0, np.float32))
