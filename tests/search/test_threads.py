"""Tests of evaluators in threads: order of results, and one tree searched by several batches."""

import threading

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import game_kernels
from alphazero.search import interface, lockstep, threads
from alphazero.search import tree as trees

RULES = game_config.GameConfig(size=5, komi=7, move_limit=60)


class Watched(evaluators.HashedEvaluator):
    """Records the calling threads and the sizes of batches."""

    def __init__(self):
        super().__init__(5)
        self.threads = set()
        self.batches = []

    def evaluate(self, inputs):
        self.threads.add(threading.get_ident())
        self.batches.append(len(inputs.planes))
        return super().evaluate(inputs)


def search(network, num_simulations, num_games=1, leaf_batch=4):
    config = search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct, num_simulations=num_simulations, leaf_batch=leaf_batch
    )
    games = game_kernels.new_games(num_games, RULES)
    searcher = lockstep.LockstepSearch(config, games, np.random.default_rng(0))
    options = interface.SearchOptions(num_simulations=num_simulations)
    return searcher, searcher.search(np.arange(num_games), network, options)


def test_results_come_in_the_order_of_submission():
    team = [Watched(), Watched()]
    network = threads.ThreadedEvaluator(team)
    planes = np.random.default_rng(0).integers(0, 2, (3, 2, 18, 5, 5), dtype=np.uint8)
    pending = [network.submit(evaluators.Inputs(part)) for part in planes]
    for part, answer in zip(planes, pending, strict=True):
        for result, expected in zip(
            answer.result()[:2],
            evaluators.HashedEvaluator(5).evaluate(evaluators.Inputs(part))[:2],
            strict=True,
        ):
            np.testing.assert_array_equal(result, expected)
    assert [team[0].batches, team[1].batches] == [[2, 2], [2]]
    # The last evaluator runs in the calling thread.
    assert threading.get_ident() not in team[0].threads and team[1].threads == {threading.get_ident()}


@pytest.mark.parametrize("num_games", [1, 2, 3, 7])
def test_every_simulation_is_made_and_nothing_is_left_pending(num_games):
    team = [Watched(), Watched(), Watched()]
    searcher, result = search(threads.ThreadedEvaluator(team), 50, num_games)
    assert (result.visits.sum(axis=1) == 50).all()
    for index in range(num_games):
        used = searcher.tree.nodes[index, : searcher.tree.num_nodes[index]]
        assert (used["pending"] == 0).all()
        assert used["visits"][trees.ROOT] == 51
    assert all(watched.batches for watched in team)


def test_several_leaves_of_one_tree_are_evaluated_together():
    network = Watched()
    _, alone = search(Watched(), 240, leaf_batch=1)
    _, together = search(network, 240, leaf_batch=6)
    assert max(network.batches) >= 6
    assert (together.visits.sum(), alone.visits.sum()) == (240, 240)
    # Pending visits spread descents and change the result little.
    assert np.abs(together.policy - alone.policy).sum() < 0.5


def test_threads_of_the_kernels_change_nothing():
    config = search_config.SearchConfig(num_simulations=24, num_considered=8)
    results = []
    for num_threads in (1, 3):
        games = game_kernels.new_games(8, RULES)
        searcher = lockstep.LockstepSearch(config, games, np.random.default_rng(0), num_threads=num_threads)
        options = interface.SearchOptions(num_simulations=24, num_considered=8, is_noisy=True)
        results.append(searcher.search(np.arange(8), evaluators.HashedEvaluator(5), options))
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)
