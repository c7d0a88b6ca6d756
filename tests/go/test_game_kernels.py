"""Tests of moves: pictures of ko and superko, ends of games, comparison with the reference."""

from typing import NamedTuple

import hypothesis
import numpy as np
import pytest

from alphazero.config.game import Ko
from alphazero.go import diagram, game_kernels, play, rules, symmetry
from tests.go import diagrams, positions
from tests.reference import board as reference_board


class Case(NamedTuple):
    name: str
    size: int
    moves: str  # all legal except perhaps the last
    status: int  # of the last
    after: str
    suicide: bool = False
    captures: tuple[int, int] = (0, 0)  # by Black, by White
    ko: Ko = Ko.positional


KO = "A1 D1 B2 C2 E5 B1 C1"  # captures White's stone on B1; White B1 would recapture
TWO_FOR_ONE = "C2 B2 D1 D5 B1 A2 A1 C1 B1"  # Black's last B1 restores the board after White's A2
CASES = [
    Case("a point is occupied", 2, "A1 A1", rules.OCCUPIED, ". . / X ."),
    Case("below the board", 2, "A1 -1", rules.OFF_BOARD, ". . / X ."),
    Case("beyond pass", 2, "A1 5", rules.OFF_BOARD, ". . / X ."),
    Case("after two passes", 2, "A1 pass pass B1", rules.GAME_OVER, ". . / X ."),
    Case("a second pass after two", 2, "pass pass pass", rules.GAME_OVER, ". . / . ."),
    Case("a pass in between", 2, "pass A1 pass B2", rules.OK, ". O / O ."),
    Case("suicide", 3, "B1 C3 A2 A1", rules.SUICIDE, ". . O / X . . / . X ."),
    Case("suicide of one stone, allowed, repeats", 3, "B1 C3 A2 A1", rules.SUPERKO,
         ". . O / X . . / . X .", suicide=True),
    Case("suicide of two stones", 3, "A1 A2 C3 B2 pass C1 B1", rules.SUICIDE, ". . X / O O . / X . O"),
    Case("suicide of two stones, allowed", 3, "A1 A2 C3 B2 pass C1 B1", rules.OK,
         ". . X / O O . / . . O", suicide=True, captures=(0, 2)),
    Case("taking a ko", 5, KO, rules.OK, ". . . . X / . . . . . / . . . . . / . X O . . / X . X O .",
         captures=(1, 0)),
    Case("taking back at once", 5, KO + " B1", rules.SUPERKO,
         ". . . . X / . . . . . / . . . . . / . X O . . / X . X O .", captures=(1, 0)),
    Case("taking back after a threat", 5, KO + " A5 A4 B1", rules.OK,
         "O . . . X / X . . . . / . . . . . / . X O . . / X O . O .", captures=(1, 1)),
    Case("superko over four moves", 2, "A1 A2 B1 B2 A1 B1 A1", rules.SUPERKO, "O O / . O", captures=(0, 3)),
    Case("passes do not help against superko", 2, "A1 A2 pass B1 pass B2 A1", rules.SUPERKO, "O O / . O",
         captures=(0, 1)),
    Case("sending two, returning one", 5, TWO_FOR_ONE, rules.SUPERKO,
         ". . . O . / . . . . . / . . . . . / O O X . . / . . O X .", captures=(0, 2)),
    Case("the same after moves of the other player", 5, TWO_FOR_ONE, rules.OK,
         ". . . O . / . . . . . / . . . . . / O O X . . / . X . X .", captures=(1, 2), ko=Ko.situational),
    Case("the same players' situation", 2, "A1 A2 B1 B2 A1 B1 A1", rules.SUPERKO, "O O / . O",
         captures=(0, 3), ko=Ko.situational),
    Case("one stone's suicide, whatever the situation", 3, "B1 C3 A2 A1", rules.SUPERKO,
         ". . O / X . . / . X .", suicide=True, ko=Ko.situational),
    Case("simple: taking back at once", 5, KO + " B1", rules.SUPERKO,
         ". . . . X / . . . . . / . . . . . / . X O . . / X . X O .", captures=(1, 0), ko=Ko.simple),
    Case("simple: a longer cycle", 2, "A1 A2 B1 B2 A1 B1 A1", rules.OK, ". . / X .", captures=(3, 3),
         ko=Ko.simple),
    Case("simple: sending two, returning one", 5, TWO_FOR_ONE, rules.OK,
         ". . . O . / . . . . . / . . . . . / O O X . . / . X . X .", captures=(1, 2), ko=Ko.simple),
    Case("simple: one stone's suicide", 3, "B1 C3 A2 A1", rules.SUPERKO, ". . O / X . . / . X .",
         suicide=True, ko=Ko.simple),
]  # fmt: skip


def action_of(name, size):
    return int(name) if name.lstrip("-").isdigit() else rules.parse_move(name, size)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_play(case):
    table = positions.make_table(case.size, suicide=case.suicide, ko=case.ko)
    *moves, last = [action_of(name, case.size) for name in case.moves.split()]
    for move in moves:
        assert game_kernels.play(*table, 0, move) == rules.OK
    before = table.games.tobytes()
    assert game_kernels.play(*table, 0, last) == case.status
    assert (table.games.tobytes() == before) == (case.status != rules.OK)
    record = table.games[0]
    expected = diagrams.parse(case.after.replace(" / ", "\n"))
    assert diagram.render(record.stones) == diagram.render(expected)
    assert tuple(record.captures) == case.captures


def test_what_a_move_changes():
    table = positions.make_table(2, count=2)
    for move in positions.actions("A1 A2 B1 B2", 2):  # the last captures A1 and B1
        assert game_kernels.play(*table, 1, move) == rules.OK
    record, untouched = table.games[1], table.games[0]
    assert record.to_play == rules.BLACK
    assert (record.num_moves, record.last_move, record.passes, record.over) == (4, 3, 0, False)
    boards = [[1, 1, 2, 0], [1, 0, 2, 0], [1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    assert positions.past_boards(record)[:5].tolist() == boards
    assert record.stones.tolist() == [0, 0, 2, 2, rules.WALL]
    zobrist = table.geometry.zobrist
    assert record.hashes[4] == zobrist[rules.WHITE, 2] ^ zobrist[rules.WHITE, 3]
    assert untouched == positions.make_table(2).games[0]


@pytest.mark.parametrize(("limit", "num_moves"), [(3, 3), (1000, positions.CAPACITY)])
def test_move_limit_or_a_full_record_ends_the_game(limit, num_moves):
    table = positions.make_table(2, move_limit=limit)
    table.games["num_moves"] = num_moves - 2
    assert game_kernels.play(*table, 0, 0) == rules.OK
    assert not table.games[0].over
    assert game_kernels.play(*table, 0, 1) == rules.OK
    assert table.games[0].over
    assert game_kernels.play(*table, 0, 2) == rules.GAME_OVER


def test_default_limit_and_capacity():
    config = positions.game_config.GameConfig(size=3)
    games = game_kernels.new_games(2, config)
    assert games["move_limit"].tolist() == [18, 18]
    assert games.dtype == game_kernels.game_dtype(3, 18)
    assert games["komi"].tolist() == [7.0, 7.0]


def test_copy_game():
    table = positions.make_table(2, count=3)
    game_kernels.play(*table, 0, 3)
    game_kernels.copy_game(table.games, 2, table.games, 0)
    assert table.games[2] == table.games[0] != table.games[1]


@hypothesis.given(positions.random_games(sizes=(2, 3, 5)))
def test_games_agree_with_reference(seed):
    table = positions.make_table(seed.size, suicide=seed.suicide, ko=seed.ko)
    slow = reference_board.Game(seed.size, suicide=seed.suicide, ko=seed.ko.value)
    legal = np.zeros(seed.size**2 + 1, np.bool_)
    for choice in seed.choices():
        game_kernels.legal_actions(table.geometry, table.games, 0, legal)
        record, expected = table.games[0], positions.as_stones(slow.stones, seed.size)
        assert np.array_equal(record.stones[:-1], expected), diagrams.side_by_side(
            diagram.render(record.stones), diagram.render(expected)
        )
        assert record.over == slow.is_over
        assert record.to_play == positions.COLORS[slow.to_play]
        assert record.captures.tolist() == [slow.captured["w"], slow.captured["b"]]
        if record.over:
            assert not legal.any()
            break
        expected_legal = positions.as_mask(slow.legal(), seed.size)
        assert np.array_equal(legal[:-1], expected_legal), diagram.render(record.stones, record.last_move)
        assert legal[-1]
        _check_illegal_moves(table, slow, seed.size)
        action = positions.choose(legal, int(choice))
        assert game_kernels.play(*table, 0, action) == rules.OK
        slow.play(positions.as_move(action, seed.size))


CODES = {"occupied": rules.OCCUPIED, "suicide": rules.SUICIDE, "superko": rules.SUPERKO}


def _check_illegal_moves(table: positions.Table, slow: reference_board.Game, size: int):
    before = table.games.tobytes()
    for action in range(size * size):
        reason = slow.why_illegal(positions.as_point(action, size))
        if reason:
            assert game_kernels.play(*table, 0, action) == CODES[reason]
    assert table.games.tobytes() == before


@hypothesis.given(positions.random_games(sizes=(3, 5)), positions.st.integers(0, 7))
def test_rules_commute_with_symmetry(seed, s):
    position = positions.play_randomly(seed)
    moved = positions.make_table(seed.size, suicide=seed.suicide, ko=seed.ko)
    permutation = symmetry.permutations(seed.size)[s]
    for _, action in position.moves:
        assert game_kernels.play(*moved, 0, int(permutation[action])) == rules.OK
    record = position.record[0]
    assert np.array_equal(symmetry.apply(record.stones, s, seed.size), moved.games[0].stones)
    assert np.array_equal(symmetry.apply(record.past, s, seed.size), moved.games[0].past)
    legal = np.zeros(seed.size**2 + 1, np.bool_)
    game_kernels.legal_actions(moved.geometry, moved.games, 0, legal)
    assert np.array_equal(symmetry.apply(position.legal(), s, seed.size), legal)


@hypothesis.given(positions.random_games(sizes=(3, 5)))
def test_hashes_are_those_of_the_boards(seed):
    position = positions.play_randomly(seed._replace(ko=Ko.positional))
    record, table = position.record[0], positions.make_table(seed.size)
    boards = np.concatenate([record.stones[None, :-1], positions.past_boards(record)])
    for back in range(min(len(boards), len(position.moves) + 1)):
        expected = np.uint64(0)
        for point, content in enumerate(boards[back]):
            expected ^= table.geometry.zobrist[content, point]
        assert record.hashes[record.num_moves - back] == expected
    assert record.board_hash == record.hashes[record.num_moves]


@pytest.mark.parametrize("ko", Ko)
def test_what_the_ko_rule_compares(ko):
    """It compares boards. The situational rule also compares who moved to them, even by a pass."""
    position = play.Game(5, 7.0, ko=ko, capacity=positions.CAPACITY)
    for action in (0, 1, 25, 25):
        position.play(action)
    one, two, passed, again = position.record["hashes"][0, 1:5]
    assert position.record["board_hash"][0] == two == again
    assert (passed == two) == (ko is not Ko.situational)
    assert one ^ position._geometry.zobrist[rules.WHITE, 1] == passed


def test_play_each():
    table = positions.make_table(3, count=3)
    assert game_kernels.play_each(*table, np.array([2, 0]), np.array([4, 1])) == rules.OK
    assert table.games["num_moves"].tolist() == [1, 0, 1]
    assert table.games["last_move"].tolist() == [1, rules.NO_MOVE, 4]
    assert game_kernels.play_each(*table, np.array([0, 1]), np.array([1, 1])) == rules.OCCUPIED
    assert table.games["num_moves"].tolist() == [1, 1, 1]
