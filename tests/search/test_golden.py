"""Golden tests of whole searches: any change of the search shows as a diff of tests/golden."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, game_kernels, geometry, rules
from alphazero.search import interface, lockstep, selection
from alphazero.search import tree as trees

SIZE = 5
OPENING = ["C3", "D3", "C4", "D4", "B2"]


@pytest.mark.parametrize("algorithm", selection.PREPARE)
def test_search_is_what_it_was(algorithm, golden):
    games = game_kernels.new_games(1, game_config.GameConfig(size=SIZE, move_limit=60))
    tables, scratch = geometry.make(SIZE), board.make_scratch(SIZE * SIZE)
    for move in OPENING:
        action = rules.parse_move(move, SIZE)
        assert game_kernels.play(tables, games, scratch, 0, action) == rules.OK
    config = search_config.SearchConfig(algorithm=algorithm, num_simulations=48, num_considered=8)
    search = lockstep.LockstepSearch(config, games, np.random.default_rng(0))
    options = interface.SearchOptions(num_simulations=48, num_considered=8)
    result = search.search(np.array([0]), evaluators.HashedEvaluator(SIZE, seed=4), options)
    golden(f"search_{algorithm.value}_5x5.txt", render(search.tree, result))


def render(tree, result):
    """The chosen move, then each node below the root: move, visits and value, indented by depth."""
    move = rules.format_move(int(result.actions[0]), SIZE)
    lines = [f"plays {move}, value {result.values[0]:.4f}"]
    lines += _lines(tree, trees.ROOT, depth=0)
    return "\n".join(lines) + "\n"


def _lines(tree, node, depth):
    lines = []
    for action, child in trees.children(tree, 0, node).items():
        record = tree.nodes[0, child]
        value = record["value_sum"] / record["visits"]
        move = rules.format_move(action, SIZE)
        lines.append(f"{'  ' * depth}{move} visits {record['visits']} value {value:.4f}")
        lines += _lines(tree, child, depth + 1)
    return lines
