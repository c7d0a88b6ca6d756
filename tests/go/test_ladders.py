"""Tests of ladders: pictures, symmetries, and rows of KataGo's own training data."""

from pathlib import Path
from typing import NamedTuple

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from alphazero.go import area, diagram, geometry, ladders, rules, symmetry
from tests.go import diagrams, positions


class Case(NamedTuple):
    name: str
    stones: str
    laddered: str  # White's stones that are lost, as *
    captures: str  # Black's moves that begin a ladder, as *


CASES = [
    Case(
        "two stones on the edge",
        "..... / ..... / ..... / .X... / OO...",
        "..... / ..... / ..... / ..... / **...",
        "..... / ..... / ..... / *.... / ..*..",
    ),
    Case(
        "a ladder in both directions",
        "....... / ....... / ....... / ....... / ..X.... / XO..... / .X.....",
        "....... / ....... / ....... / ....... / ....... / .*..... / .......",
        "....... / ....... / ....... / ....... / .*..... / ..*.... / .......",
    ),
    Case(
        "a breaker of one ladder",
        "....... / ....... / ....... / ....... / ..X.... / XO.O... / .X.....",
        "....... / ....... / ....... / ....... / ....... / .*..... / .......",
        "....... / ....... / ....... / ....... / ....... / ..*.... / .......",
    ),
    Case(
        "breakers of both ladders",
        "....... / ....... / ....... / .O..... / ..X.... / XO.O... / .X.....",
        "....... / ....... / ....... / ....... / ....... / ....... / .......",
        "....... / ....... / ....... / ....... / ....... / ....... / .......",
    ),
    Case(
        "an atari that White cannot escape",
        "....... / ....... / ....... / ....... / ..X.... / XOX.... / .X.....",
        "....... / ....... / ....... / ....... / ....... / .*..... / .......",
        "....... / ....... / ....... / ....... / ....... / ....... / .......",
    ),
    Case(
        "an atari that White escapes by joining",
        "....... / ....... / ....... / .O..... / ..X.... / XOX.... / .X.....",
        "....... / ....... / ....... / ....... / ....... / ....... / .......",
        "....... / ....... / ....... / ....... / ....... / ....... / .......",
    ),
]


def rows_of(text: str) -> np.ndarray:
    """[P] bool of the points marked by * in a picture, from the top row."""
    rows = [[cell == "*" for cell in row.strip()] for row in text.split("/")]
    return np.array(rows[::-1]).ravel()


def find(stones: np.ndarray, ko: int = rules.NO_MOVE, attacker: int = rules.BLACK):
    """Stones [P] that are lost, and the attacker's first moves [P], both bool."""
    num_points = len(stones) - 1
    laddered, captures = np.zeros(num_points, np.uint8), np.zeros(num_points, np.uint8)
    tables, scratch = geometry.make(round(num_points**0.5)), ladders.make_scratch(num_points)
    ladders.find(tables, stones, scratch, np.int64(ko), np.int64(attacker), laddered, captures)
    return laddered > 0, captures > 0


def parse(text: str) -> np.ndarray:
    return diagrams.parse("\n".join(" ".join(row.strip()) for row in text.split("/")))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pictures(case):
    stones = parse(case.stones)
    laddered, captures = find(stones)
    np.testing.assert_array_equal(laddered & (stones[:-1] == rules.WHITE), rows_of(case.laddered))
    np.testing.assert_array_equal(captures, rows_of(case.captures))


@hypothesis.given(positions.random_games(sizes=(7, 9), max_moves=120), st.integers(1, 7))
def test_ladders_turn_with_the_board(seed, number):
    stones = positions.play_randomly(seed).record["stones"][0]
    moved = symmetry.permutations(seed.size)[number][:-1]
    turned = stones.copy()
    turned[moved] = stones[:-1]
    for plain, other in zip(find(stones), find(turned), strict=True):
        np.testing.assert_array_equal(other[moved], plain, diagram.render(stones))


class Rows(NamedTuple):
    """Rows of KataGo's training data on square boards."""

    planes: np.ndarray  # [22, P] of one row, in our order of points
    global_inputs: np.ndarray
    stones: np.ndarray  # [P + 1] int8, BLACK for the player to move


def read_rows(shared_data: Path) -> list[Rows]:
    file = np.load(shared_data / "katago" / "benchmark_data_1024.npz")
    bits = np.unpackbits(file["binaryInputNCHWPacked"], axis=2)[:, :, : 19 * 19].reshape(-1, 22, 19, 19)
    rows = []
    for planes, global_inputs in zip(bits, file["globalInputNC"], strict=True):
        height, width = planes[0].any(axis=1).sum(), planes[0].any(axis=0).sum()
        if height == width:
            own = planes[:, :height, :width][:, ::-1].reshape(22, -1)
            stones = np.append(own[1] + 2 * own[2], rules.WALL).astype(np.int8)
            rows.append(Rows(own, global_inputs, stones))
    return rows


def ko_of(row: Rows) -> int:
    """The point that a ko forbids: where the opponent's last stone captured one."""
    banned, last = np.flatnonzero(row.planes[6]), np.flatnonzero(row.planes[9])
    if len(last) == 0 or len(banned) == 0 or row.stones[last[0]] != rules.WHITE:
        return rules.NO_MOVE
    around = geometry.make(round(row.planes.shape[1] ** 0.5)).neighbors[last[0]]
    empty = [point for point in around if row.stones[point] == rules.EMPTY]
    is_alone = all(row.stones[point] != rules.WHITE for point in around)
    return int(empty[0]) if is_alone and len(empty) == 1 and empty[0] in banned else rules.NO_MOVE


def test_ladders_of_katagos_games(shared_data):
    rows = read_rows(shared_data)
    assert len(rows) > 900
    assert sum(row.planes[17].any() for row in rows) > 500
    for row in rows:
        laddered, captures = find(row.stones, ko_of(row))
        picture = diagram.render(row.stones)
        np.testing.assert_array_equal(laddered, row.planes[14], picture)
        np.testing.assert_array_equal(captures, row.planes[17], picture)


def test_ladders_a_turn_ago_in_katagos_games(shared_data):
    count = 0
    for row in read_rows(shared_data):
        last = np.flatnonzero(row.planes[9])
        if len(last) == 0 or row.stones[last[0]] != rules.WHITE:
            continue
        around = geometry.make(round(row.planes.shape[1] ** 0.5)).neighbors[last[0]]
        if (row.stones[around] != rules.EMPTY).all():  # so the move captured nothing
            row.stones[last[0]] = rules.EMPTY
            np.testing.assert_array_equal(find(row.stones)[0], row.planes[15], diagram.render(row.stones))
            count += 1
    assert count > 50


def test_areas_of_katagos_games(shared_data):
    count = 0
    for row in read_rows(shared_data):
        if row.global_inputs[9:12].any():  # territory rules or taxes
            continue
        num_points = row.planes.shape[1]
        tables, owner = geometry.make(round(num_points**0.5)), np.zeros(num_points, np.int8)
        suicide = np.bool_(row.global_inputs[8])
        area.find(tables, row.stones, area.make_scratch(num_points), suicide, owner)
        for color in (rules.BLACK, rules.WHITE):
            np.testing.assert_array_equal(owner == color, row.planes[17 + color], diagram.render(row.stones))
        count += 1
    assert count > 150
