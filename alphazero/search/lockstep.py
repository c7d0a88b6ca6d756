"""Search for many games at once. Each step finds leaves in all games and calls the network once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from alphazero.config import search as search_config
from alphazero.go import geometry
from alphazero.search import batch as batches
from alphazero.search import constants, gumbel, mcts
from alphazero.search import evaluator as evaluators
from alphazero.search import root as roots
from alphazero.search import tree as trees


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """Settings that may differ from one search to the next."""

    num_simulations: int
    """Descents for each game; at most the configured `num_simulations`."""
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


class LockstepSearch:
    """Search trees for G games. Every method takes the indices of the games that it concerns."""

    def __init__(
        self,
        config: search_config.SearchConfig,
        games: np.ndarray,
        rng: np.random.Generator,
        outcome: constants.OutcomeValue = constants.ONLY_WINNING,
        num_threads: int = 1,
    ) -> None:
        """games: [G] game records of one board size. Only the caller plays moves in them.

        outcome: value of finished games; by default only winning counts. num_threads: threads of the kernels,
        which release Python's lock. ValueError if the trees do not fit into `tree_megabytes`.
        """
        assert config.algorithm in search_config.TREE_SEARCHES, "factory.make handles the other algorithms"
        self._config = config
        self._games = games
        self._rng = rng
        num_games, num_points = len(games), games["stones"].shape[1] - 1
        self._tables = mcts.Tables(
            geometry.make(round(num_points**0.5)), constants.from_config(config, outcome)
        )
        self._kept_nodes, num_nodes = _tree_size(config, num_games, num_points + 1)
        self._tree = trees.make_tree(num_games, num_nodes, num_points + 1)
        self._new_index = np.zeros(num_nodes, np.int32)
        self._num_threads = num_threads
        self._batches: list[batches.LeafBatch] = []
        self._schedules: dict[tuple[int, int], np.ndarray] = {}
        self._root = roots.make_root(num_games, num_points + 1, self._schedule(1, 1))
        self.num_evaluations = 0
        self.num_simulations = 0

    @property
    def tree(self) -> trees.Tree:
        """The trees, for displays and tests. Callers must not change them."""
        return self._tree

    def reset(self, indices: np.ndarray) -> None:
        """Empties the trees of these games."""
        self._tree.num_nodes[indices] = 0

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        """Follows the moves that the caller has played. Keeps the subtrees if `tree_reuse` is on."""
        if not self._config.tree_reuse:
            self.reset(indices)
            return
        mcts.keep_subtrees(self._tree, self._new_index, indices, actions, self._kept_nodes)

    def evaluate_roots(self, indices: np.ndarray, evaluator: evaluators.Evaluator) -> np.ndarray:
        """The network's policy [B, A] over the legal moves of the current positions, without a search."""
        self._open_roots(indices, evaluator, settles_passes=True)
        policies = np.zeros((len(indices), self._root.priors.shape[1]), np.float32)
        mcts.read_policies(self._tree, indices, policies)
        return policies

    def search(
        self, indices: np.ndarray, evaluator: evaluators.Evaluator, options: SearchOptions
    ) -> SearchResult:
        """Searches the current positions of these games and chooses a move in each."""
        assert options.num_simulations <= self._config.num_simulations
        self._open_roots(indices, evaluator, settles_passes=options.settles_passes)
        self._prepare_roots(indices, options)
        should_stop = options.should_stop or _never
        parts = self._parts(indices, evaluator)
        busy = [self._begin(batch, part, evaluator) for batch, part in parts]
        while any(busy):
            is_last = should_stop()
            for number, (batch, part) in enumerate(parts):
                if busy[number]:
                    self._finish(batch)
                busy[number] = not is_last and self._begin(batch, part, evaluator)
        return self._read_results(indices)

    def _open_roots(
        self, indices: np.ndarray, evaluator: evaluators.Evaluator, *, settles_passes: bool
    ) -> None:
        if not settles_passes:
            self.reset(indices[self._is_settled(indices)])
        fresh = indices[self._tree.num_nodes[indices] == 0]
        batch = self._batch(0)
        if len(fresh):
            batch.begin(self._open if settles_passes else self._open_unsettled, fresh, evaluator)
            self._finish(batch)
        mcts.open_policies(self._tables, self._games, self._tree, batch.leaves, indices)

    def _prepare_roots(self, indices: np.ndarray, options: SearchOptions) -> None:
        config, root = self._config, self._root
        forbid_pass = options.forbid_pass
        if forbid_pass is None:
            forbid_pass = np.zeros(len(indices), np.bool_)
        schedule = self._schedule(options.num_considered, options.num_simulations)
        self._root = root = root._replace(schedule=schedule)
        most = (options.num_considered, options.num_simulations)
        roots.start(self._tree, root, indices, forbid_pass, options.is_noisy, *most)
        if options.allowed is not None:
            roots.restrict(root, indices, options.allowed)
        is_gumbel = config.algorithm is search_config.Algorithm.gumbel
        noise = 0.0
        if options.is_noisy and is_gumbel:
            noise = self._rng.gumbel(size=(len(indices), root.scores.shape[1]))
        elif options.is_noisy:
            roots.add_dirichlet_noise(
                root, indices, self._rng, config.noise_fraction, config.noise_concentration
            )
        if is_gumbel:
            roots.set_scores(root, indices, noise)

    def _parts(
        self, indices: np.ndarray, evaluator: evaluators.Evaluator
    ) -> list[tuple[batches.LeafBatch, np.ndarray]]:
        """Leaf batches, each with the games that it serves.

        With an asynchronous network several batches alternate: one is filled while another is evaluated. The
        games are divided among them. If there are fewer games than batches, all batches search all games.
        """
        count = evaluators.num_batches(evaluator)
        parts = np.array_split(indices, count) if len(indices) >= count else [indices] * count
        return [(self._batch(number), part) for number, part in enumerate(parts)]

    def _batch(self, number: int) -> batches.LeafBatch:
        while len(self._batches) <= number:
            self._batches.append(batches.LeafBatch(self._games, self._config.leaf_batch, self._num_threads))
        return self._batches[number]

    def _open(self, leaves: mcts.Leaves, indices: np.ndarray) -> None:
        mcts.open_roots(self._tables, self._games, self._tree, leaves, indices, True)

    def _open_unsettled(self, leaves: mcts.Leaves, indices: np.ndarray) -> None:
        mcts.open_roots(self._tables, self._games, self._tree, leaves, indices, False)

    def _is_settled(self, indices: np.ndarray) -> np.ndarray:
        """[B] bool, whether the root is terminal because a second pass wins; the game itself is not over."""
        is_terminal = self._tree.nodes["is_terminal"][indices, trees.ROOT]
        return is_terminal & (self._tree.num_nodes[indices] > 0) & ~self._games["over"][indices]

    def _descend(self, leaves: mcts.Leaves, indices: np.ndarray) -> None:
        most = self._config.leaf_batch
        mcts.descend(self._tables, self._games, self._tree, self._root, leaves, indices, most)

    def _begin(self, batch: batches.LeafBatch, indices: np.ndarray, evaluator: evaluators.Evaluator) -> bool:
        """Begins the next step of these games. Returns whether any leaf waits for the network."""
        is_waiting = batch.begin(self._descend, indices, evaluator)
        self.num_simulations += batch.num_paths
        return is_waiting

    def _finish(self, batch: batches.LeafBatch) -> None:
        batch.finish(self._tree)
        self.num_evaluations += batch.num_rows

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


def _tree_size(config: search_config.SearchConfig, num_games: int, num_actions: int) -> tuple[int, int]:
    """Most nodes that a tree keeps after a move, and its capacity. The difference is enough for a search."""
    fits = int(config.tree_megabytes * 2**20 / (trees.bytes_per_node(num_actions) * num_games))
    # A limit of twice the nodes that a search adds rarely removes a node from a kept subtree.
    num_nodes = min(3 * config.num_simulations + 2, fits)
    least = config.num_simulations + 2
    if num_nodes < least:
        need = least * trees.bytes_per_node(num_actions) * num_games / 2**20
        raise ValueError(
            f"search.tree_megabytes={config.tree_megabytes}: must be at least {need:.0f} for"
            f" {num_games} trees of {config.num_simulations} simulations"
        )
    return num_nodes - config.num_simulations - 1, num_nodes


def _never() -> bool:
    return False
