"""Search for many games at once. Each step finds leaves in many games and calls the network once."""

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.go import geometry, input_families
from alphazero.search import alternation, constants, gumbel, interface, mcts, selection
from alphazero.search import batch as batches
from alphazero.search import root as roots
from alphazero.search import tree as trees


class LockstepSearch:
    """Search trees for G games. Every method takes the indices of the games that it concerns."""

    def __init__(
        self,
        config: search_config.SearchConfig,
        games: np.ndarray,
        rng: np.random.Generator,
        outcome: constants.OutcomeValue = constants.ONLY_WINNING,
        *,
        num_threads: int = 1,
        max_simulations: int | None = None,
        family: input_families.InputFamily = input_families.LEELA,
    ) -> None:
        """Makes empty trees.

        - games: [G] game states of one board size. Only the caller plays moves in them.
        - outcome: value of finished games; by default only winning counts.
        - num_threads: threads of the kernels, which release Python's lock.
        - max_simulations: simulations of the longest search, for which the trees have room; by default
          `config.num_simulations`.
        - family: inputs of the networks.

        Raises ValueError if the trees do not fit into `tree_megabytes`.
        """
        assert config.algorithm in selection.PREPARE, "factory.make handles the other algorithms"
        self._config = config
        self._max_simulations = max_simulations or config.num_simulations
        self._family = family
        self._games = games
        self._rng = rng
        num_games, num_points = len(games), games["stones"].shape[1] - 1
        self._tables = mcts.Tables(
            geometry.make(round(num_points**0.5)), constants.from_config(config, outcome), family.number
        )
        self._kept_nodes, num_nodes = _tree_size(
            config.tree_megabytes, self._max_simulations, num_games, num_points + 1
        )
        self._tree = trees.make_tree(num_games, num_nodes, num_points + 1)
        self._new_index = np.zeros(num_nodes, np.int32)
        self._num_threads = num_threads
        self._batches: list[batches.LeafBatch] = []
        self._root = roots.make_root(num_games, num_points + 1, gumbel.halving_schedule(1, 1))
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
        self, indices: np.ndarray, evaluator: evaluators.Evaluator, options: interface.SearchOptions
    ) -> interface.SearchResult:
        """Searches the current positions of these games and chooses a move in each."""
        assert options.num_simulations <= self._max_simulations
        self._open_roots(indices, evaluator, settles_passes=options.settles_passes)
        self._prepare_roots(indices, options)
        series = [self._steps(batch, part, evaluator) for batch, part in self._parts(indices, evaluator)]
        alternation.run(series, options.should_stop or _never)
        return self._read_results(indices)

    def _steps(
        self, batch: batches.LeafBatch, indices: np.ndarray, evaluator: evaluators.Evaluator
    ) -> alternation.Steps:
        """Descends, evaluates and backs up in these games until it is told to stop."""
        is_last = False
        while not is_last:
            self._descend(batch, indices)
            outputs, is_last = yield batch.submit(evaluator)
            self._back_up(batch, outputs)

    def _open_roots(
        self, indices: np.ndarray, evaluator: evaluators.Evaluator, *, settles_passes: bool
    ) -> None:
        if not settles_passes:
            self.reset(indices[self._ends_by_pass(indices)])
        fresh = indices[self._tree.num_nodes[indices] == 0]
        batch = self._batch(0)
        if len(fresh):
            batch.fill(self._open if settles_passes else self._open_unsettled, fresh)
            pending = batch.submit(evaluator)
            self._back_up(batch, None if pending is None else pending.result())
        mcts.open_policies(self._tables, self._games, self._tree, batch.leaves, indices)

    def _prepare_roots(self, indices: np.ndarray, options: interface.SearchOptions) -> None:
        forbid_pass = options.forbid_pass
        if forbid_pass is None:
            forbid_pass = np.zeros(len(indices), np.bool_)
        most = (options.num_considered, options.num_simulations)
        roots.start(self._tree, self._root, indices, forbid_pass, options.is_noisy, *most)
        if options.allowed is not None:
            roots.restrict(self._root, indices, options.allowed)
        prepare = selection.PREPARE[self._config.algorithm]
        self._root = prepare(self._root, indices, options, self._config, self._rng)

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
            self._batches.append(
                batches.LeafBatch(self._games, self._family, self._config.leaf_batch, self._num_threads)
            )
        return self._batches[number]

    def _open(self, leaves: mcts.Leaves, indices: np.ndarray) -> None:
        mcts.open_roots(self._tables, self._games, self._tree, leaves, indices, True)

    def _open_unsettled(self, leaves: mcts.Leaves, indices: np.ndarray) -> None:
        mcts.open_roots(self._tables, self._games, self._tree, leaves, indices, False)

    def _ends_by_pass(self, indices: np.ndarray) -> np.ndarray:
        """[B] bool, whether the root is terminal because a second pass wins; the game itself is not over."""
        is_terminal = self._tree.nodes["is_terminal"][indices, trees.ROOT]
        return is_terminal & (self._tree.num_nodes[indices] > 0) & ~self._games["over"][indices]

    def _descend(self, batch: batches.LeafBatch, indices: np.ndarray) -> None:
        """Fills the batch with leaves of these games."""
        batch.fill(self._fill_leaves, indices)
        self.num_simulations += batch.num_paths

    def _fill_leaves(self, leaves: mcts.Leaves, indices: np.ndarray) -> None:
        most = self._config.leaf_batch
        mcts.descend(self._tables, self._games, self._tree, self._root, leaves, indices, most)

    def _back_up(self, batch: batches.LeafBatch, outputs: evaluators.Outputs | None) -> None:
        """Writes the outputs into the batch's leaves and backs up their values."""
        batch.back_up(self._tree, outputs)
        self.num_evaluations += batch.num_rows

    def _read_results(self, indices: np.ndarray) -> interface.SearchResult:
        shape = (len(indices), self._root.priors.shape[1])
        results = interface.SearchResult(
            actions=np.zeros(len(indices), np.int64),
            policy=np.zeros(shape, np.float32),
            values=np.zeros(len(indices), np.float32),
            visits=np.zeros(shape, np.int32),
            raw_policy=np.zeros(shape, np.float32),
        )
        mcts.read_results(self._tables, self._tree, self._root, indices, results)
        return results


def _tree_size(megabytes: float, num_simulations: int, num_games: int, num_actions: int) -> tuple[int, int]:
    """Maximum of nodes that a tree keeps after a move, and its capacity. The rest is enough for a search."""
    fits = int(megabytes * 2**20 / (trees.bytes_per_node(num_actions) * num_games))
    # A limit of twice the nodes that a search adds rarely removes a node from a kept subtree.
    num_nodes = min(3 * num_simulations + 2, fits)
    least = num_simulations + 2
    if num_nodes < least:
        need = least * trees.bytes_per_node(num_actions) * num_games / 2**20
        raise ValueError(
            f"search.tree_megabytes={megabytes}: must be at least {need:.0f} for"
            f" {num_games} trees of {num_simulations} simulations"
        )
    return num_nodes - num_simulations - 1, num_nodes


def _never() -> bool:
    return False
