"""Tests of area scoring: pictures, comparison with the reference and with sgfmill."""

import hypothesis
import numpy as np
import pytest
import sgfmill.boards

from alphazero.go import board, geometry, rules, scoring
from tests.go import diagrams, positions
from tests.reference import board as reference_board

CASES = [
    ("nothing", ". . . / . . . / . . .", 0, ". . . / . . . / . . ."),
    ("one stone owns all", ". . . / . X . / . . .", 9, "X X X / X X X / X X X"),
    ("both touch", ". . . / X . . / . . O", 0, ". . . / X . . / . . O"),
    ("two sides", ". X O / X X O / . X O", 3, "X X O / X X O / X X O"),
    ("dead stones count as alive", ". X . / X X . / X . O", 4, "X X . / X X . / X . O"),
    ("neutral point", "X . O / X X O / X X O", 2, "X . O / X X O / X X O"),
    ("regions of either colour", ". O X / O O X / X X .", 1, "O O X / O O X / X X X"),
]


def stones_of(text):
    return diagrams.parse(text.replace(" / ", "\n"))


def score_and_owners(stones):
    """Score and owners [P] by the kernels."""
    num_points = len(stones) - 1
    tables, scratch = geometry.make(round(num_points**0.5)), board.make_scratch(num_points)
    owner = np.full(num_points, 7, np.int8)
    scoring.ownership(tables, stones, scratch, owner)
    return scoring.area_score(tables, stones, scratch), owner


@pytest.mark.parametrize(("name", "text", "score", "owners"), CASES, ids=[case[0] for case in CASES])
def test_score(name, text, score, owners):
    found, owner = score_and_owners(stones_of(text))
    expected = stones_of(owners)[:-1]
    assert found == score
    assert np.array_equal(owner, np.where(expected == rules.WHITE, -1, expected))


any_stones = positions.st.sampled_from([2, 3, 5, 7]).flatmap(
    lambda size: positions.st.lists(positions.st.integers(0, 2), min_size=size * size, max_size=size * size)
)


@hypothesis.given(any_stones)
def test_score_agrees_with_reference_and_sgfmill(contents):
    size = round(len(contents) ** 0.5)
    score, owner = score_and_owners(np.array([*contents, rules.WALL], np.int8))
    slow, sgfmill_board = {}, sgfmill.boards.Board(size)
    for point, content in enumerate(contents):
        if content:
            slow[positions.as_point(point, size)] = ".bw"[content]
            sgfmill_board.board[point // size][point % size] = ".bw"[content]
    owners = reference_board.area(size, slow)
    values = {"b": 1, "w": -1, "": 0}
    expected = [values[owners[positions.as_point(point, size)]] for point in range(size * size)]
    assert owner.tolist() == expected
    assert score == sum(expected) == sgfmill_board.area_score()


def test_colours_swapped_negate_the_score():
    stones = stones_of("X . O / X . O / X X O")
    swapped = np.array([0, 2, 1, rules.WALL], np.int8)[stones]
    assert score_and_owners(swapped)[0] == -score_and_owners(stones)[0] != 0
