"""Tests that the elements of a batch are independent: searched together, alone, or in another order.

Whole trees must be equal bit by bit, because every element goes through the same operations.
"""

from typing import NamedTuple

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.go import board, game_kernels, geometry, play, rules
from alphazero.search import interface, lockstep, selection
from alphazero.search import tree as trees

SIZE, CAPACITY = 3, 60
ALGORITHMS = selection.PREPARE


class Element(NamedTuple):
    """Parameters of a game of the batch. Hypothesis shrinks it to an empty board."""

    num_moves: int
    seed: int
    komi: float
    forbid_pass: bool
    moves_left: int  # moves before the limit; with a few, all leaves are ends


ELEMENTS = st.builds(
    Element,
    num_moves=st.integers(0, 9),
    seed=st.integers(0, 99),
    komi=st.sampled_from([-1.5, 0.0, 0.5, 7.0]),
    forbid_pass=st.booleans(),
    moves_left=st.integers(1, 30),
)


class Slow(evaluators.HashedEvaluator):
    """An asynchronous evaluator, so that two halves of the batch alternate."""

    is_asynchronous = True

    def submit(self, inputs):
        return evaluators.Ready(self.evaluate(inputs))


def start(element):
    """[1] game record after some random moves."""
    position = play.Game(SIZE, element.komi, capacity=CAPACITY)
    rng = np.random.default_rng(element.seed)
    for _ in range(element.num_moves):
        position.play(int(rng.choice(np.flatnonzero(position.legal()))))
        if position.is_over:
            position.undo()
            break
    games = position.record
    games["move_limit"] = len(position.moves) + element.moves_left
    return games


def run(elements, config, network, num_threads=1):
    """Results and trees of each element for two searches, with the chosen move played between them."""
    games = np.concatenate([start(element) for element in elements])
    rng = np.random.default_rng(0)
    search = lockstep.LockstepSearch(config, games, rng, num_threads=num_threads)
    tables, scratch = geometry.make(SIZE), board.make_scratch(SIZE * SIZE)
    seen, indices = [[] for _ in elements], np.arange(len(elements))
    for _ in range(2):
        forbid_pass = np.array([elements[index].forbid_pass for index in indices], bool)
        options = interface.SearchOptions(
            num_simulations=config.num_simulations, num_considered=4, forbid_pass=forbid_pass
        )
        result = search.search(indices, network, options)
        for slot, index in enumerate(indices):
            parts = [np.asarray(part[slot]).tobytes() for part in result]
            seen[index] += [parts, snapshot(search.tree, index, trees.ROOT)]
        for slot, index in enumerate(indices):
            assert (
                game_kernels.play(tables, games, scratch, int(index), int(result.actions[slot])) == rules.OK
            )
        search.advance(indices, result.actions)
        indices = indices[~games["over"][indices]]
        if not len(indices):
            break
    return seen


def snapshot(tree, index, node):
    """All numbers of a node and of the tree below it."""
    record = tree.nodes[index, node]
    numbers = [record[name].item() for name in ("visits", "value_sum", "raw_value", "is_terminal", "prior")]
    below = trees.children(tree, index, node)
    return numbers, {action: snapshot(tree, index, child) for action, child in below.items()}


def settings_of(algorithm, leaf_batch):
    return search_config.SearchConfig(
        algorithm=algorithm, num_simulations=12, num_considered=4, leaf_batch=leaf_batch
    )


@pytest.mark.parametrize("leaf_batch", [1, 3])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@hypothesis.settings(max_examples=20)
@hypothesis.given(elements=st.lists(ELEMENTS, min_size=2, max_size=5), data=st.data())
def test_order_and_other_elements_do_not_matter(algorithm, leaf_batch, elements, data):
    config, network = settings_of(algorithm, leaf_batch), evaluators.HashedEvaluator(SIZE, seed=1)
    together = run(elements, config, network)
    chosen = data.draw(st.permutations(range(len(elements))))
    chosen = chosen[: data.draw(st.integers(1, len(elements)))]
    for place, seen in zip(chosen, run([elements[p] for p in chosen], config, network), strict=True):
        assert seen == together[place]


@pytest.mark.parametrize(
    ("num_threads", "leaf_batch"),
    [(1, 1), (1, 2), (2, 1), (3, 1), (2, 2), (3, 4)],
)
@pytest.mark.parametrize("network", [evaluators.HashedEvaluator, Slow])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_halves_and_threads_do_not_matter(algorithm, network, num_threads, leaf_batch):
    """There are seven games, so that no number of threads gets equal shares."""
    elements = [Element(n, n, [0.5, 7.0, -1.5][n % 3], n % 2 == 0, 5 * n + 1) for n in range(7)]
    config = settings_of(algorithm, leaf_batch)
    plain = [run([element], config, evaluators.HashedEvaluator(SIZE, seed=2))[0] for element in elements]
    assert run(elements, config, network(SIZE, seed=2), num_threads) == plain


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_games_that_are_not_searched_stay_as_they_are(algorithm):
    """The trees of some games are unchanged while others are searched."""
    elements = [Element(n, n, 0.5, False, 30) for n in range(4)]
    games = np.concatenate([start(element) for element in elements])
    config, network = settings_of(algorithm, 1), evaluators.HashedEvaluator(SIZE, seed=3)
    search = lockstep.LockstepSearch(config, games, np.random.default_rng(0))
    options = interface.SearchOptions(num_simulations=12, num_considered=4)
    search.search(np.array([2, 0]), network, options)
    before = [snapshot(search.tree, index, trees.ROOT) for index in (0, 2)]
    search.search(np.array([3, 1]), network, options)
    assert [snapshot(search.tree, index, trees.ROOT) for index in (0, 2)] == before
