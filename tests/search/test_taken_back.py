"""Paths that end at a leaf which waits already are taken back without a trace."""

import numpy as np
import pytest

from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import game
from alphazero.search import evaluator, lockstep

RULES = game_config.GameConfig(size=5, komi=7, move_limit=60)
NUM_GAMES, NUM_SIMULATIONS = 2, 12


class Counting(evaluator.HashedEvaluator):
    """Counts the steps in which it is asked."""

    num_steps = 0

    def evaluate(self, planes):
        self.num_steps += 1
        return super().evaluate(planes)


@pytest.mark.parametrize("algorithm", search_config.TREE_SEARCHES)
def test_a_search_counts_the_visits_that_its_tree_has(algorithm):
    """A fresh search writes them down twice: for the moves of its root, and in their nodes."""
    config = search_config.SearchConfig(
        algorithm=algorithm, num_simulations=NUM_SIMULATIONS, num_considered=2, leaf_batch=NUM_SIMULATIONS
    )
    found = lockstep.LockstepSearch(config, game.new_games(NUM_GAMES, RULES), np.random.default_rng(0))
    asked = Counting(5)
    options = lockstep.SearchOptions(num_simulations=NUM_SIMULATIONS, num_considered=2)
    result = found.search(np.arange(NUM_GAMES), asked, options)
    assert asked.num_steps > 2, "the root, and more than one step, so that paths were taken back"
    np.testing.assert_array_equal(found._root.visits, result.visits)
    assert (found._root.num_started == NUM_SIMULATIONS).all()
    assert (found._root.num_left == 0).all()
