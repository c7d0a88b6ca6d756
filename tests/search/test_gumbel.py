"""Tests of Gumbel AlphaZero against the paper's formulas in numpy."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import game_kernels
from alphazero.search import gumbel, interface, lockstep
from alphazero.search import tree as trees

# Danihelka et al. 2022, figure 1: 4 considered actions, 16 simulations, two rounds.
SCHEDULES = [
    (1, 4, [0, 1, 2, 3]),
    (2, 6, [0, 0, 1, 1, 2, 2]),
    (4, 8, [0, 0, 0, 0, 1, 1, 2, 2]),
    (4, 16, [0] * 4 + [1] * 4 + [2] * 2 + [3] * 2 + [4] * 2 + [5] * 2),
    (8, 8, [0] * 8),
    (4, 14, [0] * 4 + [1] * 2 + [2] * 2 + [3] * 2 + [4] * 2 + [5] * 2),  # never fewer than two
    (5, 20, [0] * 5 + [1] * 2 + [2] * 2 + [3] * 2 + [4] * 2 + [5] * 2 + [6] * 2 + [7] * 2 + [8]),
]


@pytest.mark.parametrize(("considered", "simulations", "expected"), SCHEDULES)
def test_sequential_halving(considered, simulations, expected):
    assert gumbel.considered_visits(considered, simulations) == expected


def softmax(logits):
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def test_improved_policy_is_the_papers():
    """pi' = softmax(logits + sigma(completed q)), v_mix for unvisited actions (section 4, appendix D)."""
    config = search_config.SearchConfig(num_simulations=24, num_considered=8, c_visit=50, c_scale=0.5)
    games = game_kernels.new_games(1, game_config.GameConfig(size=5, move_limit=60))
    search = lockstep.LockstepSearch(config, games, np.random.default_rng(0))
    options = interface.SearchOptions(num_simulations=24, num_considered=8)
    result = search.search(np.array([0]), evaluators.HashedEvaluator(5, seed=3), options)

    tree = search.tree
    nodes = tree.nodes[0]
    children = np.full(26, trees.UNVISITED)
    for action, child in trees.children(tree, 0, trees.ROOT).items():
        children[action] = child
    is_visited = children != trees.UNVISITED
    visits = np.where(is_visited, nodes["visits"][children], 0)
    q = np.where(is_visited, -nodes["value_sum"][children] / np.maximum(visits, 1), 0)
    priors = result.raw_policy[0].astype(np.float64)
    raw = float(nodes["raw_value"][trees.ROOT])
    mean = (priors * q)[is_visited].sum() / priors[is_visited].sum()
    v_mix = (raw + visits.sum() * mean) / (1 + visits.sum())
    completed = np.where(is_visited, q, v_mix)
    expected = softmax(np.log(priors) + (50 + visits.max()) * 0.5 * completed)

    np.testing.assert_allclose(result.policy[0], expected, rtol=1e-3, atol=1e-6)
    assert result.values[0] == pytest.approx((expected * completed).sum(), abs=1e-4)
    most_visited = np.flatnonzero(visits == visits.max())
    scores = np.log(priors) + (50 + visits.max()) * 0.5 * q
    assert result.actions[0] == most_visited[np.argmax(scores[most_visited])]
