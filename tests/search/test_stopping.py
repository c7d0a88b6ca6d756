"""Tests of `should_stop`: a stopped search returns a legal move and a policy."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import game_kernels
from alphazero.search import interface, lockstep, selection, threads

RULES = game_config.GameConfig(size=5, komi=7, move_limit=60)
ALGORITHMS = selection.PREPARE
NUM_GAMES = 3


def new_search(algorithm, leaf_batch=1):
    config = search_config.SearchConfig(algorithm=algorithm, num_simulations=24, leaf_batch=leaf_batch)
    games = game_kernels.new_games(NUM_GAMES, RULES)
    return lockstep.LockstepSearch(config, games, np.random.default_rng(0))


def search(searcher, network=None, num_simulations=24, should_stop=None):
    options = interface.SearchOptions(num_simulations=num_simulations, should_stop=should_stop)
    return searcher.search(np.arange(NUM_GAMES), network or evaluators.HashedEvaluator(5), options)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_without_a_simulation_the_network_decides(algorithm):
    result = search(new_search(algorithm), num_simulations=0)
    assert result.visits.sum() == 0
    np.testing.assert_array_equal(result.actions, result.raw_policy.argmax(axis=1))
    np.testing.assert_allclose(result.policy, result.raw_policy, rtol=1e-5)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("leaf_batch", [1, 4])
def test_a_search_that_is_stopped_at_once_has_made_one_step(algorithm, leaf_batch):
    searcher = new_search(algorithm, leaf_batch)
    result = search(searcher, should_stop=lambda: True)
    assert (result.visits.sum(axis=1) >= 1).all() and (result.visits.sum(axis=1) <= leaf_batch).all()
    assert (np.take_along_axis(result.raw_policy, result.actions[:, None], axis=1) > 0).all(), "legal"
    np.testing.assert_allclose(result.policy.sum(axis=1), 1, rtol=1e-5)
    for index in range(NUM_GAMES):
        assert (searcher.tree.nodes[index, : searcher.tree.num_nodes[index]]["pending"] == 0).all()


def test_a_stopped_search_waits_for_pending_evaluations():
    searcher = new_search(search_config.Algorithm.puct, leaf_batch=4)
    answers = iter([False, False, True])
    team = threads.ThreadedEvaluator([evaluators.HashedEvaluator(5) for _ in range(2)])
    result = search(searcher, team, should_stop=lambda: next(answers))
    assert 0 < result.visits.sum() < NUM_GAMES * 24
    for index in range(NUM_GAMES):
        assert (searcher.tree.nodes[index, : searcher.tree.num_nodes[index]]["pending"] == 0).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_stopped_search_can_be_continued(algorithm):
    searcher = new_search(algorithm)
    stopped = search(searcher, should_stop=lambda: True)
    resumed = search(searcher)
    assert (resumed.visits.sum(axis=1) == stopped.visits.sum(axis=1) + 24).all()
