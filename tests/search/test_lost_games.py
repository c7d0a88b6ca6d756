"""Passes of players that have lost, instead of moves into their own territory."""

import pytest

from alphazero.go import play
from alphazero.search import lost_games

PASS = 25
# Walls on columns B (White) and D (Black): column A is White's, E is Black's, and C is neutral.
WHITES_POINT, NEUTRAL, BLACKS_POINT = 10, 12, 14


@pytest.mark.parametrize(
    ("to_play", "action", "value", "played"),
    [
        ("black", BLACKS_POINT, -0.91, PASS),
        ("black", BLACKS_POINT, -0.9, BLACKS_POINT),
        ("black", WHITES_POINT, -0.99, WHITES_POINT),
        ("black", NEUTRAL, -0.99, NEUTRAL),
        ("black", PASS, -0.99, PASS),
        ("white", WHITES_POINT, -0.99, PASS),
        ("white", BLACKS_POINT, -0.99, BLACKS_POINT),
    ],
)
def test_passes(to_play: str, action: int, value: float, played: int):
    position = play.Game(5, 0.0)
    black, white = [3, 8, 13, 18, 23], [1, 6, 11, 16, 21]
    position.set_up(black, white, {"black": 1, "white": 2}[to_play])
    assert lost_games.replace(action, value, position.record[0]) == played
