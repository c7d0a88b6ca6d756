"""Openings: legal moves without passes, variety, and the network's policy."""

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.evaluation import openings
from alphazero.go import board, game_kernels, geometry, rules

SIZE, PASS = 5, 25
RULES = game_config.GameConfig(size=SIZE, move_limit=60)


class Sharp:
    """Evaluator that prefers one point by `strength` in logits, and a pass by twice as much."""

    def __init__(self, point: int, strength: float) -> None:
        self._logits = np.zeros(PASS + 1, np.float32)
        self._logits[point] = strength
        self._logits[PASS] = 2 * strength

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        planes = inputs.planes
        return evaluators.Outputs(np.tile(self._logits, (len(planes), 1)), np.zeros(len(planes), np.float32))


def draw(network: evaluators.Evaluator, count: int, plies: int, seed: int = 0) -> list[openings.Opening]:
    return openings.draw(network, RULES, count=count, plies=plies, rng=np.random.default_rng(seed))


def test_openings_are_legal_and_without_passes():
    drawn = draw(evaluators.HashedEvaluator(SIZE), 40, 10)
    games, tables, scratch = game_kernels.new_games(40, RULES), geometry.make(SIZE), board.make_scratch(PASS)
    for index, opening in enumerate(drawn):
        assert len(opening) == 10
        assert PASS not in opening
        for action in opening:
            assert game_kernels.play(tables, games, scratch, index, action) == rules.OK


def test_the_same_seed_gives_the_same_openings():
    network = evaluators.HashedEvaluator(SIZE)
    assert draw(network, 5, 4) == draw(network, 5, 4)
    assert draw(network, 5, 4) != draw(network, 5, 4, seed=1)


def test_first_moves_follow_the_policy():
    """One point has 96 times the weight of each of 24 others: 80 % of 500 first moves, without passes."""
    drawn = openings._draw_once(Sharp(7, np.log(96)), RULES, (500, 1), 1.0, np.random.default_rng(0))
    share = np.mean([opening == (7,) for opening in drawn])
    assert 0.75 < share < 0.85


def test_repeated_openings_are_drawn_again():
    """With 99.9 % for one move nearly all pairs of moves repeat; with flatter policies they do not."""
    network = Sharp(7, np.log(24_000))
    once = openings._draw_once(network, RULES, (20, 2), 1.0, np.random.default_rng(0))
    assert len({opening[0] for opening in once}) == 1
    assert len(set(draw(network, 20, 2))) > 15


def test_a_board_may_have_too_few_openings():
    assert len(set(draw(evaluators.UniformEvaluator(SIZE), 60, 1))) <= 25


def test_an_opening_never_ends_the_game():
    """If more moves are requested than the board allows, an opening stops when only a pass is left."""
    network = evaluators.UniformEvaluator(SIZE)
    assert draw(network, 3, 0) == [(), (), ()]
    drawn = draw(network, 20, 99)
    assert all(20 < len(opening) <= 59 and PASS not in opening for opening in drawn)
    assert min(len(opening) for opening in drawn) < 59
