"""Tests of paths that end at a pending leaf: they are taken back without a trace."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import game_kernels
from alphazero.search import interface, lockstep, selection

RULES = game_config.GameConfig(size=5, komi=7, move_limit=60)
NUM_GAMES, NUM_SIMULATIONS = 2, 12


class Counting(evaluators.HashedEvaluator):
    """Counts its calls."""

    num_calls = 0

    def evaluate(self, inputs):
        self.num_calls += 1
        return super().evaluate(inputs)


@pytest.mark.parametrize("algorithm", selection.PREPARE)
def test_a_search_counts_the_visits_that_its_tree_has(algorithm):
    """A new search counts visits twice: for the moves of its root and in their nodes."""
    config = search_config.SearchConfig(
        algorithm=algorithm, num_simulations=NUM_SIMULATIONS, num_considered=2, leaf_batch=NUM_SIMULATIONS
    )
    searcher = lockstep.LockstepSearch(
        config, game_kernels.new_games(NUM_GAMES, RULES), np.random.default_rng(0)
    )
    network = Counting(5)
    options = interface.SearchOptions(num_simulations=NUM_SIMULATIONS, num_considered=2)
    result = searcher.search(np.arange(NUM_GAMES), network, options)
    assert network.num_calls > 2, "one call for the root and several for steps, so that paths were taken back"
    np.testing.assert_array_equal(searcher._root.visits, result.visits)
    assert (searcher._root.num_started == NUM_SIMULATIONS).all()
    assert (searcher._root.num_left == 0).all()
