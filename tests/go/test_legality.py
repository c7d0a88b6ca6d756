"""Tests of legal moves: comparison with other programs, and counts of positions."""

import itertools
import json

import numpy as np
import pytest

from alphazero.go import game_kernels, legality, play, rules
from tests.go import positions


def oracle_games(folder):
    for name in ("legal_psk_nosuicide.jsonl", "legal_psk_suicide_tromptaylor.jsonl"):
        for line in (folder / "legal_oracle" / name).read_text().splitlines():
            yield json.loads(line)


@pytest.mark.parametrize("number", range(8))
def test_legal_moves_of_other_programs(shared_data, number):
    """KataGo, GNU Go and a brute-force search agree on these lists."""
    oracle = list(oracle_games(shared_data))[number]
    size = oracle["size"]
    capacity = None if size == 9 else positions.CAPACITY
    position = play.Game(size, 7.0, suicide=oracle["rules"]["suicide"], capacity=capacity)
    for (color, move), expected in zip(oracle["moves"], oracle["legal_per_ply"], strict=True):
        position.resume()
        position.to_play = positions.COLORS[color]
        legal = np.flatnonzero(position.legal()[:-1])
        assert sorted(rules.format_move(int(action), size) for action in legal) == expected, position
        position.play(rules.parse_move(move, size))


def count_positions(size):
    """Number of boards on which every chain has a liberty, by enumeration."""
    count = 0
    for contents in itertools.product((rules.EMPTY, rules.BLACK, rules.WHITE), repeat=size * size):
        stones = np.array([*contents, rules.WALL], np.int8)
        position = positions.make_board(stones)
        heads = position.head[stones[:-1] != rules.EMPTY]
        count += bool((position.num_liberties[heads] > 0).all())
    return count


@pytest.mark.parametrize(("size", "count"), [(1, 1), (2, 57), (3, 12675)])
def test_number_of_legal_positions(size, count):
    """OEIS A094777."""
    assert count_positions(size) == count


def reachable_positions(size):
    """Number of boards reachable by moves of either colour, each in a new game from a known board."""
    table = positions.make_table(size)
    start = table.games.copy()
    seen = {start[0].stones.tobytes()}
    waiting = list(seen)
    while waiting:
        stones = np.frombuffer(waiting.pop(), np.int8)
        for color, point in itertools.product((rules.BLACK, rules.WHITE), range(size * size)):
            table.games[:] = start
            game_kernels.set_up(table.geometry, table.games, 0, stones, color)
            if game_kernels.play(*table, 0, point) == rules.OK:
                after = table.games[0].stones.tobytes()
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
    return len(seen)


def test_number_of_reachable_positions():
    assert reachable_positions(2) == 57


@pytest.mark.slow
def test_number_of_reachable_positions_3x3():
    assert reachable_positions(3) == 12675


def test_is_repeated_searches_a_range():
    hashes = np.array([5, 6, 7, 8], np.uint64)
    assert [legality.is_repeated(hashes, 0, 2, number) for number in hashes] == [True, True, True, False]
    assert [legality.is_repeated(hashes, 1, 2, number) for number in hashes] == [False, True, True, False]
