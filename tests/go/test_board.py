"""Tests of boards: pictures of captures, liberties counted in two ways, chains."""

import itertools
from typing import NamedTuple

import hypothesis
import numpy as np
import pytest

from alphazero.go import board, diagram, geometry, rules
from tests.go import diagrams, positions
from tests.reference import board as reference_board


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
    return diagrams.parse(text.replace(" / ", "\n"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_place_stone(case):
    position = positions.make_board(stones_of(case.before))
    captured, point = np.zeros(9, np.int16), rules.parse_move(case.move[2:], 3)
    color = {"B": rules.BLACK, "W": rules.WHITE}[case.move[0]]
    num_captured = board.place_stone(geometry.make(3), position, captured, point, color)
    assert diagram.render(position.stones) == diagram.render(stones_of(case.after))
    assert sorted(captured[:num_captured]) == sorted(positions.actions(case.captured, 3))


@pytest.mark.parametrize(
    ("text", "point", "touches", "last"),
    [
        (". . . / . X . / . . .", "B2", 4, ""),
        (". . . / . . . / X . .", "A1", 2, ""),
        (". . . / X . . / X . .", "A1", 3, ""),
        ("X X . / X . X / . X X", "A3", 4, ""),
        ("X X X / X . X / X X X", "A3", 4, "B2"),
        ("X O . / O O . / . . .", "A3", 0, ""),
        ("O O . / X O . / X X .", "A1", 1, "C1"),
    ],
)
def test_liberties(text, point, touches, last):
    position, action = positions.make_board(stones_of(text)), rules.parse_move(point, 3)
    assert position.num_liberties[position.head[action]] == touches
    assert last_liberties(position, action, 3) == positions.actions(last, 3)


def last_liberties(position, stone, size):
    """Empty points that are the only liberty of the stone's chain: one or none."""
    tables, found = geometry.make(size), []
    for point, direction in itertools.product(range(size**2), range(4)):
        neighbor = tables.neighbors[point, direction]
        if position.stones[point] != rules.EMPTY or neighbor == size**2:
            continue
        is_beside = (
            position.stones[neighbor] != rules.EMPTY and position.head[neighbor] == position.head[stone]
        )
        if is_beside and board.is_last_liberty(tables, position, point, int(neighbor)):
            found.append(point)
    return sorted(set(found))


@hypothesis.given(positions.random_games(sizes=(3, 5)))
def test_chains_agree_with_reference(seed):
    """Chains updated move by move, and chains found on the last board, equal the reference's."""
    played = positions.play_randomly(seed)
    size, num_points, tables = seed.size, seed.size**2, geometry.make(seed.size)
    stones = played.record["stones"][0]
    slow = {
        positions.as_point(p, size): "b" if stones[p] == rules.BLACK else "w"
        for p in range(num_points)
        if stones[p] != rules.EMPTY
    }
    for position in (played.record[0], positions.make_board(stones)):
        for point in np.flatnonzero(stones[:-1]):
            where = positions.as_point(int(point), size)
            members = positions.as_mask(reference_board.flood(size, slow, where)[0], size)
            num_liberties = len(reference_board.liberties(size, slow, where))
            head = position.head[point]
            is_same = (position.head == head) & (stones[:-1] != rules.EMPTY)
            assert np.array_equal(is_same, members)
            assert (position.num_liberties[head] > 0) == (num_liberties > 0)
            assert len(last_liberties(position, point, size)) == (num_liberties == 1)
            alone = np.append(np.where(members, stones[:-1], 0), rules.WALL).astype(np.int8)
            assert board.chain_hash(tables, position, int(point)) == board.hash_stones(tables, alone)


def test_hash_is_the_xor_of_the_stones():
    tables, stones = geometry.make(2), diagrams.parse("X .\n. O")
    assert (
        board.hash_stones(tables, stones) == tables.zobrist[rules.BLACK, 2] ^ tables.zobrist[rules.WHITE, 1]
    )
    assert board.hash_stones(tables, diagrams.parse(". .\n. .")) == 0
