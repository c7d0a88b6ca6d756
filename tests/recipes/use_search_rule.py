"""uct, the search rule of docs/extending.md, in a copy of the project that has it."""

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import compose
from alphazero.config import game as game_config
from alphazero.go import game_kernels
from alphazero.search import factory, interface

RULES = game_config.GameConfig(size=3, komi=0.5)


def search(network, num_simulations):
    config = compose.compose(["conf=smoke", "search=uct", "search.num_simulations=64"]).search
    games = game_kernels.new_games(1, RULES)
    searcher = factory.make(config, games, np.random.default_rng(0))
    return searcher.search(np.arange(1), network, interface.SearchOptions(num_simulations=num_simulations))


def test_without_a_difference_in_values_all_points_get_equal_visits():
    visits = search(evaluators.UniformEvaluator(3), 40).visits[0]
    assert visits.sum() == 40
    points = visits[:-1]  # White answers a pass by a pass that wins
    assert points.max() - points.min() <= 1


def test_a_better_move_gets_more_visits():
    class CentreIsBest(evaluators.UniformEvaluator):
        def evaluate(self, inputs):
            outputs = super().evaluate(inputs)
            opponent_has_it = inputs.planes[:, 8, 1, 1] == 1
            return outputs._replace(values=np.where(opponent_has_it, -0.9, 0.9).astype(np.float32))

    result = search(CentreIsBest(3), 60)
    assert result.actions[0] == result.visits[0].argmax() == 4
