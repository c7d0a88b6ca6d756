"""Leaf batches: several threads find the leaves of a step, one call of the network evaluates them."""

from collections.abc import Callable
from concurrent import futures

import numpy as np

from alphazero.go import features
from alphazero.search import evaluator as evaluators
from alphazero.search import mcts
from alphazero.search import tree as trees

_STEP = 8
"""Batch sizes are multiples of this. A network must be prepared for every new size, which takes OpenVINO
about as long as eight positions of 9x9."""

Walk = Callable[[mcts.Leaves, np.ndarray], None]
"""Function that fills leaves by descents in the games with these indices."""


class LeafBatch:
    """Buffers for the leaves of G games. Calls of `begin` and `finish` alternate."""

    def __init__(self, games: np.ndarray, leaf_batch: int, num_threads: int) -> None:
        """games: [G] game records; only their number and layout matter. leaf_batch: most leaves of a game.

        num_threads: threads that find leaves. More than one pays off with thousands of leaves a call.
        """
        num_points = games["stones"].shape[1] - 1
        size = round(num_points**0.5)
        share = -(-len(games) // num_threads) * leaf_batch
        planes = np.zeros((share * num_threads, features.NUM_PLANES, num_points), np.uint8)
        self._images = planes.reshape(-1, features.NUM_PLANES, size, size)
        self._share = share
        # Each thread fills its own slice of the planes, so the slices together are one batch.
        starts = range(0, len(planes), share)
        self._leaves = [mcts.make_leaves(games, planes[start : start + share]) for start in starts]
        self._pool = futures.ThreadPoolExecutor(num_threads) if num_threads > 1 else None
        self._pending: evaluators.PendingEvaluation | None = None

    @property
    def leaves(self) -> mcts.Leaves:
        """Leaves of the first thread, for work that needs a walker between `finish` and `begin`."""
        return self._leaves[0]

    @property
    def num_rows(self) -> int:
        """Positions of the last `begin` that the network evaluates."""
        return sum(int(leaves.counts[0]) for leaves in self._leaves)

    @property
    def num_paths(self) -> int:
        """Descents of the last `begin`, including those that ended at a known value."""
        return sum(int(leaves.counts[1]) for leaves in self._leaves)

    def begin(self, walk: Walk, indices: np.ndarray, evaluator: evaluators.Evaluator) -> bool:
        """Finds leaves and starts their evaluation. Returns whether there are any."""
        if self._pool is None:
            walk(self._leaves[0], indices)
            # Padding rows hold old positions, which are evaluated again; so do gaps between threads.
            num_rows = min(-(-self.num_rows // _STEP) * _STEP, len(self._images))
        else:
            parts = np.array_split(indices, len(self._leaves))
            list(self._pool.map(walk, self._leaves, parts))
            num_rows = len(self._images) if self.num_rows else 0
        self._pending = evaluators.submit(evaluator, self._images[:num_rows]) if num_rows else None
        return num_rows > 0

    def finish(self, tree: trees.Tree) -> None:
        """Waits for the network, writes its outputs into the leaves and backs up the values."""
        if self._pending is None:
            return
        logits, values = self._pending.result()
        # A common factor cancels when priors are normalised. This one avoids overflow.
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
