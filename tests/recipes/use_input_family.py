"""stones, the input family of docs/extending.md, and its network, in a copy of the project that has them."""

# pyright: reportAttributeAccessIssue=false
# The module and the family exist in the copy only.

import numpy as np

from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import game_kernels, geometry, input_families, play, rules
from alphazero.net import linear_net
from alphazero.search import factory, interface


def test_the_inputs_are_the_stones_and_komi():
    position = play.Game(3, 6.5)
    position.play(4)
    position.play(0)
    position.play(8)
    planes, scalars = np.zeros((2, 9), np.uint8), np.zeros(1, np.float32)
    input_families.fill(input_families.STONES.number, geometry.make(3), position.record, 0, planes, scalars)
    assert position.to_play == rules.WHITE
    assert [np.flatnonzero(plane).tolist() for plane in planes] == [[0], [4, 8]]
    assert scalars[0] == 6.5


def test_a_search_shows_them_to_the_network():
    seen = []

    class Recorded(linear_net.LinearNet):
        def evaluate(self, inputs):
            assert inputs.globals is not None
            seen.append((inputs.planes.shape[1:], inputs.globals.shape[1:]))
            return super().evaluate(inputs)

    games = game_kernels.new_games(2, game_config.GameConfig(size=3, komi=2.0))
    config = search_config.SearchConfig(algorithm=search_config.Algorithm.puct, num_simulations=20)
    searcher = factory.make(config, games, np.random.default_rng(0), family=input_families.STONES)
    result = searcher.search(np.arange(2), Recorded(), interface.SearchOptions(num_simulations=20))
    assert set(seen) == {((2, 3, 3), (1,))}
    assert (result.visits.sum(axis=1) == 20).all()
    assert (result.actions == result.actions[0]).all()
