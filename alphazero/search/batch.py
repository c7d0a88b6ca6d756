"""The leaves of one step: found by some threads, judged by one call of the network."""

from collections.abc import Callable
from concurrent import futures

import numpy as np

from alphazero.go import features
from alphazero.search import evaluator as evaluators
from alphazero.search import mcts
from alphazero.search import tree as trees

_STEP = 8
"""Batches grow and shrink in such steps: for another size a network prepares itself anew, which costs
OpenVINO about as much as eight positions of 9x9."""

Walk = Callable[[mcts.Leaves, np.ndarray], None]
"""Fills leaves with descents in the games of some indices."""


class Batch:
    """Room for the leaves of G games; `begin` and `finish` take turns."""

    def __init__(self, games: np.ndarray, leaf_batch: int, num_threads: int) -> None:
        """games: [G] of the layout to come, `leaf_batch` leaves of each.

        Several threads pay where one call takes thousands of leaves.
        """
        num_points = games["stones"].shape[1] - 1
        size = round(num_points**0.5)
        share = -(-len(games) // num_threads) * leaf_batch
        planes = np.zeros((share * num_threads, features.NUM_PLANES, num_points), np.uint8)
        self._images = planes.reshape(-1, features.NUM_PLANES, size, size)
        self._share = share
        # Each thread has its own stretch of the planes, so that together they are one batch.
        starts = range(0, len(planes), share)
        self._leaves = [mcts.make_leaves(games, planes[start : start + share]) for start in starts]
        self._pool = futures.ThreadPoolExecutor(num_threads) if num_threads > 1 else None
        self._pending: evaluators.Pending | None = None

    @property
    def leaves(self) -> mcts.Leaves:
        """Those of the first thread, for work that needs a walker between `finish` and `begin`."""
        return self._leaves[0]

    @property
    def num_rows(self) -> int:
        """Positions of the last `begin` that the network was asked about."""
        return sum(int(leaves.counts[0]) for leaves in self._leaves)

    @property
    def num_paths(self) -> int:
        """Descents of the last `begin`, those included that ended where the value was known."""
        return sum(int(leaves.counts[1]) for leaves in self._leaves)

    def begin(self, walk: Walk, indices: np.ndarray, evaluator: evaluators.Evaluator) -> bool:
        """Walks, and asks the network about the leaves; returns whether there are any."""
        if self._pool is None:
            walk(self._leaves[0], indices)
            # What is left in the last rows from earlier steps is judged again, and so are gaps below.
            num_rows = min(-(-self.num_rows // _STEP) * _STEP, len(self._images))
        else:
            parts = np.array_split(indices, len(self._leaves))
            list(self._pool.map(walk, self._leaves, parts))
            num_rows = len(self._images) if self.num_rows else 0
        self._pending = evaluators.submit(evaluator, self._images[:num_rows]) if num_rows else None
        return num_rows > 0

    def finish(self, tree: trees.Tree) -> None:
        """Waits for the network, writes its answers into the leaves and backs the values up."""
        if self._pending is None:
            return
        logits, values = self._pending.result()
        # Factors cancel when priors are scaled; this one keeps exponentials within bounds.
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        if self._pool is None:
            mcts.expand_and_back_up(tree, self._leaves[0], weights, values)
            return
        starts = range(0, len(self._images), self._share)
        rows = [slice(start, start + self._share) for start in starts]
        list(
            self._pool.map(
                lambda leaves, part: mcts.expand_and_back_up(tree, leaves, weights[part], values[part]),
                self._leaves,
                rows,
            )
        )
