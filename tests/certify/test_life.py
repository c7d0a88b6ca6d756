"""Tests of `life` against the unconditional status of GNU Go (engine/unconditional.c).

GNU Go's invincible stones must equal `life.pass_alive` without suicide. GNU Go captures chains by moves of
the opponent alone, without suicide, until it can capture nothing more. By Benson's theorem the remaining
chains are those with two eyes.

GNU Go then adds stones of the opponent on as many points as it can and tests whether they become invincible.
All other points are dead or territory. `life.settled_owner` allows the opponent more: suicide, and any two
points that are not adjacent as eyes. So points that are settled here must be settled for GNU Go, but not the
other way round.
"""

import itertools
import re
from typing import NamedTuple

import numpy as np
import pytest

from alphazero.go import diagram, geometry, life, rules
from tests.certify import gnugo, wanderer
from tests.go import diagrams

pytestmark = [pytest.mark.slow, gnugo.needed]

NUM_GAMES = {5: 40, 7: 20, 9: 15, 13: 3}
SAMPLES = 6
"""Positions of each game; the last one is its end."""


class Status(NamedTuple):
    """Status of each point [P]."""

    invincible: np.ndarray  # bool, a stone that lives even if its player always passes
    owner: np.ndarray  # int8: 1 settled for Black, -1 for White, 0 not settled


def positions_of(size, rng):
    """Stones [P + 1] at some plies and the end of a random game in which players fill no eyes."""
    position, boards = wanderer.new_game(size, suicide=False), []
    for _ in range(wanderer.longest(position, 3 * size * size)):
        choices = [point for point in np.flatnonzero(position.legal()[:-1]) if not is_eye(position, point)]
        position.play(int(rng.choice(choices)) if choices else size * size)
        boards.append(position.record["stones"][0].copy())
        if position.is_over:
            break
    numbers = rng.choice(len(boards) - 1, SAMPLES - 1, replace=False)
    return [*(boards[number] for number in numbers), boards[-1]]


def is_eye(position, point):
    """Whether all neighbors are stones of the player to move."""
    stones = position.record["stones"][0]
    around = stones[geometry.make(position.size).neighbors[point]]
    return np.isin(around, (position.to_play, rules.WALL)).all()


def thinned(boards, rng):
    """The same boards without some of their stones, which leaves eyes of all shapes."""
    for stones in boards:
        fewer = stones.copy()
        fewer[:-1][rng.random(len(stones) - 1) < 0.08] = rules.EMPTY
        yield fewer


def hollowed(boards, size, rng):
    """The same boards with two empty crosses of points close together: room for two eyes, or barely none."""
    neighbors = geometry.make(size).neighbors
    for stones in boards:
        fewer = stones.copy()
        first = rng.integers(0, size, 2)
        for y, x in (first, first + rng.integers(-2, 3, 2)):
            point = min(max(y, 0), size - 1) * size + min(max(x, 0), size - 1)
            fewer[[point, *neighbors[point]]] = rules.EMPTY
        fewer[-1] = rules.WALL
        yield fewer


def questions(stones, size):
    """Commands that set up the position, without captures, and request its status."""
    moves = [gnugo.move(int(stones[point]), int(point), size) for point in np.flatnonzero(stones[:-1])]
    return [*gnugo.new_game(size), *moves, "worm_data"]


def status_of_gnu_go(answer, stones, size):
    status = Status(np.zeros(size**2, np.bool_), np.zeros(size**2, np.int8))
    pattern = r"^(\w+):$.*?^invincible +(\d)$.*?^unconditional_status +(\w+)$"
    blocks = re.findall(pattern, answer, re.MULTILINE | re.DOTALL)
    assert len(blocks) == size**2
    for name, invincible, found in blocks:
        point = rules.parse_move(name, size)
        status.invincible[point] = invincible == "1"
        owners = {"unknown": 0, "black_territory": 1, "white_territory": -1}
        own = {rules.EMPTY: 0, rules.BLACK: 1, rules.WHITE: -1}[int(stones[point])]
        status.owner[point] = (owners | {"alive": own, "dead": -own})[found]
    return status


def our_status(stones, size):
    tables, scratch = geometry.make(size), life.make_scratch(size**2)
    alive, invincible = np.zeros(size**2, np.bool_), np.zeros(size**2, np.bool_)
    owner = np.zeros(size**2, np.int8)
    for color in (rules.BLACK, rules.WHITE):
        life.pass_alive(tables, stones, scratch, color, False, alive)
        invincible |= alive
    life.settled_owner(tables, stones, scratch, owner)
    return Status(invincible, owner)


@pytest.mark.parametrize("size", NUM_GAMES)
def test_status_of_random_positions(size):
    rng = np.random.default_rng(size)
    boards = [stones for _ in range(NUM_GAMES[size]) for stones in positions_of(size, rng)]
    boards += [*thinned(boards, rng), *hollowed(boards, size, rng)]
    asked = [questions(stones, size) for stones in boards]
    answers = iter(gnugo.ask([command for commands in asked for command in commands]))
    num_alive = num_settled = num_theirs = 0
    for stones, commands in zip(boards, asked, strict=True):
        *silent, answer = itertools.islice(answers, len(commands))
        assert not any(silent)
        ours, theirs = our_status(stones, size), status_of_gnu_go(answer, stones, size)
        assert np.array_equal(ours.invincible, theirs.invincible), show(stones, ours, theirs)
        is_settled = ours.owner != 0
        assert np.array_equal(ours.owner[is_settled], theirs.owner[is_settled]), show(stones, ours, theirs)
        num_alive += ours.invincible.sum()
        num_settled += is_settled.sum()
        num_theirs += np.count_nonzero(theirs.owner)
    # There are enough alive and settled points, and the three numbers differ.
    assert len(boards) * size * size / 8 < num_alive < num_settled < num_theirs


def show(stones, *statuses):
    """Diagrams of the board and, for each status, of invincible stones and owners."""
    boards = [stones]
    for status in statuses:
        boards.append(np.where(status.invincible, stones[:-1], rules.EMPTY))
        boards.append(np.where(status.owner < 0, rules.WHITE, status.owner))
    return "\n" + diagrams.side_by_side(*map(diagram.render, boards))
