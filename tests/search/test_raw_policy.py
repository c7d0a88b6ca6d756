"""Tests of play without a search: one evaluation for each move, drawn from the network's policy."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, game_kernels, geometry, rules
from alphazero.search import factory, interface, lockstep, raw_policy, selection

SIZE = 3
PASS = SIZE * SIZE
RULES = game_config.GameConfig(size=SIZE, komi=0.5, move_limit=40)
BARE = search_config.SearchConfig(algorithm=search_config.Algorithm.none)


class Fixed:
    """Gives every position the same output."""

    def __init__(self, logits, value=0.25):
        self._logits = np.array(logits, np.float32)
        self._value = value
        self.num_calls = 0

    def evaluate(self, inputs):
        planes = inputs.planes
        self.num_calls += 1
        return evaluators.Outputs(
            np.tile(self._logits, (len(planes), 1)), np.full(len(planes), self._value, np.float32)
        )


def choose(network, num_games=1, moves=(), forbid_pass=None):
    """Result of RawPolicy after these moves, in equal games."""
    games = game_kernels.new_games(num_games, RULES)
    tables, scratch = geometry.make(SIZE), board.make_scratch(PASS)
    for index in range(num_games):
        for move in moves:
            assert game_kernels.play(tables, games, scratch, index, move) == rules.OK
    search = factory.make(BARE, games, np.random.default_rng(3))
    assert isinstance(search, raw_policy.RawPolicy)
    forbidden = None if forbid_pass is None else np.full(num_games, forbid_pass)
    options = interface.SearchOptions(num_simulations=0, forbid_pass=forbidden)
    return search.search(np.arange(num_games), network, options)


def test_moves_are_drawn_as_often_as_the_policy_says():
    logits = np.linspace(-2, 1, PASS + 1)
    num_games, played = 20_000, [0, 5]
    result = choose(Fixed(logits), num_games, moves=played)
    expected = np.exp(logits)
    expected[played] = 0
    expected /= expected.sum()
    shares = np.bincount(result.actions, minlength=PASS + 1) / num_games
    error = np.sqrt(expected * (1 - expected) / num_games)
    assert (np.abs(shares - expected) <= 4 * error).all(), shares - expected
    np.testing.assert_allclose(result.raw_policy[0], expected, rtol=1e-5)


def test_the_target_is_the_move_and_the_value_is_the_networks():
    network = Fixed(np.zeros(PASS + 1))
    result = choose(network, num_games=50)
    assert np.array_equal(result.policy, np.eye(PASS + 1, dtype=np.float32)[result.actions])
    assert (result.values == np.float32(0.25)).all()
    assert result.visits.sum() == 0
    assert network.num_calls == 1


def test_forbidden_passes_are_not_played():
    logits = np.zeros(PASS + 1)
    logits[[4, PASS]] = 3, 9
    assert (choose(Fixed(logits), 200).actions == PASS).mean() > 0.9
    bound = choose(Fixed(logits), 200, forbid_pass=True)
    assert not (bound.actions == PASS).any()
    assert len(set(bound.actions)) > 1


def test_a_second_pass_that_wins_is_played_and_one_that_loses_is_not():
    """White wins an empty board by the komi, and is behind after the loss of a stone."""
    logits = np.zeros(PASS + 1)
    assert (choose(Fixed(logits), 50, moves=[PASS]).actions == PASS).all()
    logits[PASS] = 9
    assert not (choose(Fixed(logits), 50, moves=[4, 0, 1, PASS, 3, 8, PASS]).actions == PASS).any()


@pytest.mark.parametrize("gap", [60, 87, 88, 89, 95, 103, 110])
def test_legal_moves_far_below_an_illegal_one_are_still_a_policy(gap):
    """Their weights lose precision or underflow compared with the illegal move's."""
    logits = np.full(PASS + 1, -float(gap))
    logits[4] = 0
    result = choose(Fixed(logits), 200, moves=[4])
    np.testing.assert_allclose(result.raw_policy.sum(axis=1), 1, rtol=1e-5)
    assert (result.raw_policy[:, 4] == 0).all() and not (result.actions == 4).any()


def test_factory_makes_every_search():
    games, rng = game_kernels.new_games(1, RULES), np.random.default_rng(0)
    for algorithm in selection.PREPARE:
        config = search_config.SearchConfig(algorithm=algorithm)
        assert isinstance(factory.make(config, games, rng), lockstep.LockstepSearch)
    assert set(search_config.Algorithm) == {*selection.PREPARE, search_config.Algorithm.none}


def test_every_move_is_one_evaluation():
    games = game_kernels.new_games(4, RULES)
    search = factory.make(BARE, games, np.random.default_rng(0))
    tables, scratch = geometry.make(SIZE), board.make_scratch(PASS)
    indices, hashed = np.arange(4), evaluators.HashedEvaluator(SIZE)
    options = interface.SearchOptions(num_simulations=0)
    for _ in range(3):
        actions = search.search(indices, hashed, options).actions
        assert game_kernels.play_each(tables, games, scratch, indices, actions) == rules.OK
        search.advance(indices, actions)
    assert search.num_evaluations == 12
    assert search.num_simulations == 0
