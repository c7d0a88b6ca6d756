"""Games of the board's benchmark: they follow the rules."""

import numpy as np
import pytest

from alphazero.benchmarks import boards
from alphazero.config import game as game_config
from alphazero.go import board, features, game_kernels, geometry

SIZE = 5


@pytest.mark.slow
def test_random_games_are_legal_and_replayed_as_they_were():
    rules = game_config.GameConfig(size=SIZE)
    tables, scratch = geometry.make(SIZE), board.make_scratch(SIZE * SIZE)
    games, again = game_kernels.new_games(2, rules), game_kernels.new_games(2, rules)
    legal = np.zeros(SIZE * SIZE + 1, np.bool_)
    planes = np.zeros((features.NUM_PLANES, SIZE * SIZE), np.uint8)
    actions = np.full(1000, -1)
    boards.play_at_random(tables, games, scratch, legal, planes, np.random.default_rng(0), actions)
    boards.replay(tables, again, scratch, actions)
    assert games[0] == again[0]
    assert actions.min() >= 0
    lengths, reference = [], game_kernels.new_games(1, rules)
    for action in actions:
        if reference[0]["over"]:
            lengths.append(int(reference[0]["num_moves"]))
            reference = game_kernels.new_games(1, rules)
        assert game_kernels.play(tables, reference, scratch, 0, int(action)) == 0
    assert len(lengths) > 10
    assert min(lengths) > 20, "passes are played only without another legal move"
    assert len(set(actions[:25].tolist())) > 15
