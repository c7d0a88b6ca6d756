"""Players: passes instead of the search's move, and independence of other games."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.evaluation import players
from alphazero.go import board, game_kernels, geometry, rules

SIZE, PASS = 5, 25
RULES = game_config.GameConfig(size=SIZE, komi=7, move_limit=60)
# Walls on columns B (White) and D (Black): column A is White's, E is Black's, and C is neutral.
BLACK_WALL, WHITE_WALL = (3, 8, 13, 18, 23), (1, 6, 11, 16, 21)
BLACKS_POINT, WHITES_POINT, NEUTRAL = 14, 10, 12


class Opinionated:
    """Evaluator that prefers `point` and gives Black `black_value`."""

    def __init__(self, point: int, black_value: float) -> None:
        self._point, self._black_value = point, black_value

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        planes = inputs.planes
        logits = np.zeros((len(planes), PASS + 1), np.float32)
        logits[:, self._point] = 12
        values = np.where(planes[:, 16, 0, 0] == 1, self._black_value, -self._black_value)
        return evaluators.Outputs(logits, values.astype(np.float32))


def walls(*, black_to_move: bool) -> np.ndarray:
    """Returns one game with both walls; White wins by the komi of 7."""
    games = game_kernels.new_games(1, RULES)
    tables, scratch = geometry.make(SIZE), board.make_scratch(PASS)
    moves = [point for pair in zip(BLACK_WALL, WHITE_WALL, strict=True) for point in pair]
    for action in moves if black_to_move else [PASS, *np.reshape(moves, (-1, 2))[:, ::-1].ravel()]:
        assert game_kernels.play(tables, games, scratch, 0, int(action)) == rules.OK
    return games


def choose(games: np.ndarray, point: int, black_value: float) -> int:
    config = search_config.SearchConfig(num_simulations=8, num_considered=4)
    player = players.SearchPlayer("a", Opinionated(point, black_value), config, np.random.default_rng(0))
    player.join(games)
    return int(player.choose(np.array([0]))[0])


@pytest.mark.parametrize(
    ("point", "black_value", "chosen"),
    [
        (BLACKS_POINT, -0.99, PASS),  # lost, and the move would only fill its own territory
        (BLACKS_POINT, -0.5, BLACKS_POINT),  # not certainly lost
        (BLACKS_POINT, 0.99, BLACKS_POINT),  # a winner may strengthen itself
        (WHITES_POINT, -0.99, WHITES_POINT),  # the loser may try an invasion
        (NEUTRAL, -0.99, NEUTRAL),  # there is a point to gain
        (PASS, -0.99, PASS),
    ],
)
def test_black(point: int, black_value: float, chosen: int):
    assert choose(walls(black_to_move=True), point, black_value) == chosen


def test_white_knows_its_own_territory():
    games = walls(black_to_move=False)
    assert games[0].to_play == rules.WHITE
    assert choose(games, WHITES_POINT, 0.99) == PASS
    assert choose(games, BLACKS_POINT, 0.99) == BLACKS_POINT


def test_equal_positions_get_equal_moves_in_any_company():
    """The first and the last of three games are the same."""
    one = walls(black_to_move=True)
    other = game_kernels.new_games(1, RULES)
    games = np.concatenate([one, other, one])
    config = search_config.SearchConfig(num_simulations=8, num_considered=4)
    player = players.SearchPlayer("a", Opinionated(NEUTRAL, 0.1), config, np.random.default_rng(0))
    player.join(games)
    together = player.choose(np.arange(3))
    assert together[0] == together[2]
    assert player.choose(np.array([0]))[0] == together[0]


@pytest.mark.parametrize(("name", "copies"), [("none", 1), ("random", 1), ("average", 8)])
def test_a_player_sees_the_board_as_its_settings_say(name: str, copies: int):
    received = []

    class Counting(Opinionated):
        def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
            received.append(inputs.planes.copy())
            return super().evaluate(inputs)

    config = search_config.SearchConfig(num_simulations=4, symmetry=search_config.Symmetry(name))
    player = players.SearchPlayer("a", Counting(NEUTRAL, 0.0), config, np.random.default_rng(0))
    player.join(walls(black_to_move=True))
    player.choose(np.array([0]))
    assert {len(planes) for planes in received} == {copies}
    plain = walls(black_to_move=True)["stones"][0, :-1].reshape(SIZE, SIZE) == rules.BLACK
    assert np.array_equal(received[0][0, 0], plain) is (name != "random")
