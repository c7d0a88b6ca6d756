"""Tests against sgfmill: boards, captures, simple ko and area at every ply of random games."""

import numpy as np
import pytest
import sgfmill.boards

from alphazero.config.game import Ko
from alphazero.go import diagram, rules
from tests.certify import wanderer
from tests.go import diagrams

pytestmark = pytest.mark.slow

NUM_GAMES = {5: 150, 9: 50, 19: 2}
"""Number of games by size, for each rule on suicide."""
MOST_PLIES = 450
NAMES = " bw"


@pytest.mark.parametrize("suicide", [False, True], ids=["no_suicide", "suicide"])
@pytest.mark.parametrize("size", NUM_GAMES)
def test_random_games(size, suicide):
    rng = np.random.default_rng(size)
    num_captured = num_kos = 0
    for _ in range(NUM_GAMES[size]):
        position, theirs = wanderer.new_game(size, suicide=suicide), sgfmill.boards.Board(size)
        captures, ko_point = np.zeros(3, np.int64), None
        for legal, action in wanderer.plies(position, wanderer.longest(position, MOST_PLIES), rng):
            player = position.to_play
            if ko_point is not None:
                num_kos += 1
                assert not legal[ko_point[0] * size + ko_point[1]], position
            compare(position, theirs, captures)
            before, ko_point = count(theirs), None
            if action < size * size:
                ko_point = theirs.play(*divmod(action, size), NAMES[player])
                before[player] += 1
            captures += before - count(theirs)
        compare(position, theirs, captures)
        num_captured += captures.sum()
    assert num_captured > NUM_GAMES[size] * size and num_kos > 0


def stones_of(theirs):
    """Stones [P] int8 of sgfmill's board."""
    rows = [[NAMES.index(content or " ") for content in row] for row in theirs.board]
    return np.array(rows, np.int8).ravel()


def count(theirs):
    """Number of stones [3] on sgfmill's board by colour; entry EMPTY is 0."""
    colors = [color for color, _ in theirs.list_occupied_points()]
    return np.array([0, colors.count("b"), colors.count("w")])


def compare(position, theirs, captures):
    """Asserts equal boards, captures and areas. captures: [3] removed stones by colour."""
    stones = stones_of(theirs)
    assert np.array_equal(position.stones, stones), diagrams.side_by_side(
        str(position), diagram.render(stones)
    )
    assert position.captures(rules.BLACK) == captures[rules.WHITE], position
    assert position.captures(rules.WHITE) == captures[rules.BLACK], position
    assert position.score() + position.komi == theirs.area_score(), position


@pytest.mark.parametrize("ko", list(Ko))
@pytest.mark.parametrize("suicide", [False, True], ids=["no_suicide", "suicide"])
def test_illegal_points_are_suicide_or_repeat(ko, suicide):
    """Plays on each empty point of each position on a copy of sgfmill's board."""
    size, rng = 5, np.random.default_rng(0)
    for _ in range(10):
        position, theirs = wanderer.new_game(size, ko=ko, suicide=suicide), sgfmill.boards.Board(size)
        seen, ko_point = {(rules.WHITE, stones_of(theirs).tobytes())}, None
        for legal, action in wanderer.plies(position, wanderer.longest(position, MOST_PLIES), rng):
            player, before = position.to_play, stones_of(theirs).tobytes()
            movers = (rules.BLACK, rules.WHITE) if ko is Ko.positional else (player,)
            for point in np.flatnonzero(position.stones == rules.EMPTY):
                after = theirs.copy()
                after.play(*divmod(int(point), size), NAMES[player])
                stones = stones_of(after)
                if ko is Ko.simple:
                    repeats = divmod(int(point), size) == ko_point
                else:
                    repeats = any((mover, stones.tobytes()) in seen for mover in movers)
                is_allowed = suicide or stones[point] != rules.EMPTY
                is_legal = is_allowed and not repeats and stones.tobytes() != before
                assert legal[point] == is_legal, position
            ko_point = theirs.play(*divmod(action, size), NAMES[player]) if action < size * size else None
            seen.add((player, stones_of(theirs).tobytes()))
