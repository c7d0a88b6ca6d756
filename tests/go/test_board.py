"""Stones: pictures of captures, liberties by two counts, chains."""

from typing import NamedTuple

import hypothesis
import numpy as np
import pytest

from alphazero.go import board, diagram, geometry, rules
from tests.go import positions
from tests.reference import board as reference


class Case(NamedTuple):
    name: str
    move: str
    before: str
    after: str
    captured: str


CASES = [
    Case("a stone alone", "B B2",
         ". . . / . . . / . . .",
         ". . . / . X . / . . .", ""),
    Case("in the corner", "W B1",
         ". . . / O . . / X . .",
         ". . . / O . . / . O .", "A1"),
    Case("a chain at the edge", "B C3",
         "O O . / X X . / . . .",
         ". . X / X X . / . . .", "A3 B3"),
    Case("two chains at once", "B B1",
         "X X X / O X O / O . O",
         "X X X / . X . / . X .", "A1 A2 C1 C2"),
    Case("the last liberty of both sides", "W A1",
         "O . . / X O . / . X O",
         "O . . / . O . / O . O", "A2 B1"),
    Case("one chain around the stone", "W B2",
         "X X X / X . X / X X X",
         ". . . / . O . / . . .", "A1 A2 A3 B1 B3 C1 C2 C3"),
    Case("joining a chain that has a liberty", "B A1",
         ". . . / X O . / . O .",
         ". . . / X O . / X O .", ""),
    Case("suicide of one stone", "B A1",
         ". . . / O . . / . O .",
         ". . . / O . . / . O .", "A1"),
    Case("suicide of two chains", "B A1",
         "O O . / X O . / . X O",
         "O O . / . O . / . . O", "A1 A2 B1"),
    Case("capture comes before suicide", "B B3",
         "O . O / X O . / . X .",
         ". X O / X O . / . X .", "A3"),
]  # fmt: skip


def stones_of(text):
    return diagram.parse(text.replace(" / ", "\n"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_place_stone(case):
    stones = stones_of(case.before)
    scratch, point = board.make_scratch(9), rules.parse_move(case.move[2:], 3)
    color = {"B": rules.BLACK, "W": rules.WHITE}[case.move[0]]
    num_captured = board.place_stone(geometry.make(3), stones, scratch, point, color)
    assert diagram.render(stones) == diagram.render(stones_of(case.after))
    assert sorted(scratch.captured[:num_captured]) == sorted(positions.actions(case.captured, 3))

    board.undo_stone(stones, scratch, num_captured, point, color)
    assert diagram.render(stones) == diagram.render(stones_of(case.before))


@pytest.mark.parametrize(
    ("text", "point", "count"),
    [
        (". . . / . X . / . . .", "B2", 4),
        (". . . / . . . / X . .", "A1", 2),
        (". . . / X . . / X . .", "A1", 3),
        ("X X . / X . X / . X X", "A3", 3),
        ("X X X / X . X / X X X", "A3", 1),
        ("X O . / O O . / . . .", "A3", 0),
        ("O O . / X O . / X . .", "B3", 3),
    ],
)
def test_count_liberties(text, point, count):
    stones, scratch = stones_of(text), board.make_scratch(9)
    action = rules.parse_move(point, 3)
    assert board.count_liberties(geometry.make(3), stones, scratch, action) == count
    assert board.has_liberty(geometry.make(3), stones, scratch, action) == (count > 0)


@hypothesis.given(positions.random_games(sizes=(3, 5)))
def test_chains_agree_with_reference(seed):
    position = positions.play_randomly(seed)
    tables, scratch = geometry.make(seed.size), board.make_scratch(seed.size**2)
    stones = position.record["stones"][0]
    slow = {
        positions.as_point(p, seed.size): "b" if stones[p] == rules.BLACK else "w"
        for p in range(seed.size**2)
        if stones[p] != rules.EMPTY
    }
    board.label_chains(tables, stones, scratch)
    counts = scratch.num_liberties.copy()
    for point in range(seed.size**2):
        if stones[point] == rules.EMPTY:
            assert scratch.chain[point] == seed.size**2
            continue
        chain, _ = reference.flood(seed.size, slow, positions.as_point(point, seed.size))
        members = positions.as_mask(chain, seed.size)
        num_liberties = len(reference.liberties(seed.size, slow, positions.as_point(point, seed.size)))
        label = scratch.chain[point]
        assert np.array_equal(scratch.chain == label, members)
        assert counts[label] == min(num_liberties, 2)
        assert scratch.chain_hash[label] == board.hash_stones(
            tables, np.where(members, stones[:-1], 0).astype(np.int8)
        )
        assert board.count_liberties(tables, stones, scratch, point) == num_liberties


def test_hash_is_the_xor_of_the_stones():
    tables, stones = geometry.make(2), diagram.parse("X .\n. O")
    assert (
        board.hash_stones(tables, stones) == tables.zobrist[rules.BLACK, 2] ^ tables.zobrist[rules.WHITE, 1]
    )
    assert board.hash_stones(tables, diagram.parse(". .\n. .")) == 0
