"""Tests of diagrams: boards to text and back."""

import hypothesis
import numpy as np
import pytest

from alphazero.go import diagram, rules
from tests.go import diagrams, positions

BOARD = """\
  3 . . .
  2 X . O
  1 . X .
    A B C"""


def test_render():
    stones = np.array([0, 1, 0, 1, 0, 2, 0, 0, 0, rules.WALL], np.int8)
    assert diagram.render(stones) == diagram.render(stones[:-1]) == BOARD


@pytest.mark.parametrize(
    ("last_move", "rows"),
    [
        ("A2", ["  3 . . .", "  2(X). O", "  1 . X ."]),
        ("C2", ["  3 . . .", "  2 X .(O)", "  1 . X ."]),
        ("B1", ["  3 . . .", "  2 X . O", "  1 .(X)."]),
        ("pass", ["  3 . . .", "  2 X . O", "  1 . X ."]),
    ],
)
def test_last_move_is_marked(last_move, rows):
    stones = np.array([0, 1, 0, 1, 0, 2, 0, 0, 0], np.int8)
    assert diagram.render(stones, rules.parse_move(last_move, 3)).splitlines()[:-1] == rows


def test_large_boards_stay_aligned():
    lines = diagram.render(np.zeros(19 * 19, np.int8)).splitlines()
    assert lines[0].startswith(" 19 .")
    assert lines[-1].startswith("    A B C D E F G H J K")
    assert {len(line) for line in lines} == {len("    A B C D E F G H J K L M N O P Q R S T")}


@hypothesis.given(positions.random_games(sizes=(2, 5)))
def test_parse_reverts_render(seed):
    position = positions.play_randomly(seed)
    text = diagram.render(position)
    assert np.array_equal(diagrams.parse(text), position.record["stones"][0])


@pytest.mark.parametrize("text", ["", "X O", ". .\n. . .", "A B C"])
def test_parse_refuses(text):
    with pytest.raises(ValueError, match="not the diagram of a square board"):
        diagrams.parse(text)


def test_side_by_side():
    assert diagrams.side_by_side("1\n22", "a\nb\nc", gap="|") == "1 |a\n22|b\n  |c"
