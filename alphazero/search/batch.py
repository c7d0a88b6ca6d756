"""Leaf batches: buffers for the leaves of a step, filled by one thread or several, and evaluated together."""

from collections.abc import Callable
from concurrent import futures

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.go import geometry, input_families, katago_inputs
from alphazero.search import mcts
from alphazero.search import tree as trees

_STEP = 8
"""Batch sizes are multiples of this. A network must be prepared for every new size, which takes OpenVINO
about as long as eight positions of 9x9. A full buffer is submitted as it is."""

Fill = Callable[[mcts.Leaves, np.ndarray], None]
"""Function that fills leaves in the games with these indices."""


class LeafBatch:
    """Buffers for the leaves of G games. `fill`, `submit` and `back_up` follow one another."""

    def __init__(
        self, games: np.ndarray, family: input_families.InputFamily, leaf_batch: int, num_threads: int
    ) -> None:
        """games: [G] game states; only their number and layout matter. leaf_batch: leaves of a game, at most.

        num_threads: threads that find leaves. More than one pays off with thousands of leaves a call.
        """
        num_points = games["stones"].shape[1] - 1
        size = round(num_points**0.5)
        share = -(-len(games) // num_threads) * leaf_batch
        planes = np.zeros((share * num_threads, family.num_planes, num_points), np.uint8)
        global_inputs = np.zeros((len(planes), family.num_globals), np.float32)
        self._planes = planes.reshape(-1, family.num_planes, size, size)
        self._globals = global_inputs if family.num_globals else None
        # Each thread fills its own slice of the buffers, so the slices together are one batch.
        self._slices = [slice(start, start + share) for start in range(0, len(planes), share)]
        self._family, self._tables = family, geometry.make(size)
        self._scratch = [
            input_families.make_scratch(num_points) if family.has_tactics else None for _ in self._slices
        ]
        self._leaves = [mcts.make_leaves(games, planes[part], global_inputs[part]) for part in self._slices]
        self._threads = futures.ThreadPoolExecutor(num_threads) if num_threads > 1 else None

    @property
    def leaves(self) -> mcts.Leaves:
        """Leaves of the first thread, for work that needs a walker between `back_up` and `fill`."""
        return self._leaves[0]

    @property
    def num_rows(self) -> int:
        """Positions of the last `fill` that the network evaluates."""
        return sum(int(leaves.counts[0]) for leaves in self._leaves)

    @property
    def num_paths(self) -> int:
        """Descents of the last `fill`, including those that ended at a known value."""
        return sum(int(leaves.counts[1]) for leaves in self._leaves)

    def fill(self, find: Fill, indices: np.ndarray) -> None:
        """Calls `find` to fill the buffers with leaves of these games, in each thread for its share."""

        def work(leaves: mcts.Leaves, scratch: katago_inputs.Scratch | None, share: np.ndarray) -> None:
            find(leaves, share)
            if scratch is not None:
                rows = slice(leaves.counts[0])
                input_families.finish(
                    self._family, self._tables, scratch, leaves.planes[rows], leaves.globals[rows]
                )

        if self._threads is None:
            work(self._leaves[0], self._scratch[0], indices)
        else:
            shares = np.array_split(indices, len(self._leaves))
            list(self._threads.map(work, self._leaves, self._scratch, shares))

    def submit(self, evaluator: evaluators.Evaluator) -> evaluators.Pending[evaluators.Outputs] | None:
        """Starts the evaluation of the leaves; None if there are none."""
        num_rows = self.num_rows
        if num_rows == 0:
            return None
        # Padding rows hold old positions, which are evaluated again; so do gaps between threads.
        num_rows = len(self._planes) if self._threads else min(_rounded_up(num_rows), len(self._planes))
        shown = None if self._globals is None else self._globals[:num_rows]
        return evaluators.submit(evaluator, evaluators.Inputs(self._planes[:num_rows], shown))

    def back_up(self, tree: trees.Tree, outputs: evaluators.Outputs | None) -> None:
        """Writes the network's outputs into the leaves and backs up the values. Does nothing for None."""
        if outputs is None:
            return
        # A common factor cancels when priors are normalised. This one avoids overflow.
        weights = np.exp(outputs.logits - outputs.logits.max(axis=1, keepdims=True))

        def back_up(leaves: mcts.Leaves, rows: slice) -> None:
            mcts.store_and_back_up(tree, leaves, weights[rows], outputs.values[rows])

        if self._threads is None:
            back_up(self._leaves[0], slice(None))
        else:
            list(self._threads.map(back_up, self._leaves, self._slices))


def _rounded_up(num_rows: int) -> int:
    return -(-num_rows // _STEP) * _STEP
