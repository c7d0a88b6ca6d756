"""Tests of KataGo's inputs: comparison with the reference, and pictures of history, kos and passes."""

import hypothesis
import numpy as np
import pytest

from alphazero.config import game as game_config
from alphazero.go import geometry, input_families, katago_inputs, play, rules
from tests.go import positions
from tests.reference import board as reference_board
from tests.reference import katago_inputs as reference_inputs

KO = "A1 D1 B2 C2 E5 B1 C1"  # captures White's stone on B1; White B1 would recapture


def encode(game: play.Game, family: input_families.InputFamily = input_families.KATAGO):
    """Planes [22, P] and global inputs [19] of a game."""
    planes, global_inputs = input_families.encode_game(family, game)
    return planes.reshape(family.num_planes, -1), global_inputs[0]


def play_moves(size: int, moves: str, **settings) -> play.Game:
    game = play.Game(size, 7.0, capacity=positions.CAPACITY, **settings)
    for action in positions.actions(moves, size):
        game.play(action)
    return game


def names(plane: np.ndarray) -> str:
    """The points of a plane in GTP's names."""
    size = round(len(plane) ** 0.5)
    return " ".join(rules.format_move(int(point), size) for point in np.flatnonzero(plane))


@hypothesis.given(positions.random_games(sizes=(3, 4, 5), max_moves=60))
def test_inputs_agree_with_reference(seed):
    game = positions.play_randomly(seed)
    slow = reference_board.Game(seed.size, suicide=seed.suicide, ko=seed.ko.value)
    for _, action in game.moves:
        slow.play(positions.as_move(action, seed.size))
    planes, global_inputs = encode(game)
    for number, expected in enumerate(reference_inputs.planes_of(slow)):
        np.testing.assert_array_equal(
            planes[number], positions.as_mask(expected, seed.size), f"plane {number}\n{game}"
        )
    np.testing.assert_array_equal(global_inputs, np.float32(reference_inputs.globals_of(slow, 7.0)))


@hypothesis.given(positions.random_games(sizes=(3, 5)))
def test_fast_inputs_are_the_same_without_ladders_and_areas(seed):
    game = positions.play_randomly(seed)
    full, global_inputs = encode(game)
    fast, fast_globals = encode(game, input_families.KATAGO_FAST)
    full[katago_inputs.LADDERS : katago_inputs.OPPONENT_AREA + 1] = 0
    np.testing.assert_array_equal(fast, full)
    np.testing.assert_array_equal(fast_globals, global_inputs)


@pytest.mark.parametrize(
    "komi", [-400.0, -90.5, -7.5, -1.0, -0.5, 0.0, 0.5, 6.0, 6.5, 7.0, 7.5, 8.0, 99.5, 400.0]
)
@pytest.mark.parametrize("size", [4, 5])
def test_komi_and_its_parity(size, komi):
    game = play.Game(size, komi, capacity=positions.CAPACITY)
    for color, sign in ((rules.BLACK, -1), (rules.WHITE, 1)):
        game.to_play = color
        own = float(np.clip(sign * komi, -size * size - 20, size * size + 20))
        global_inputs = encode(game)[1]
        assert global_inputs[katago_inputs.KOMI] == np.float32(own / 20)
        expected = reference_inputs.parity_wave(own, size * size)
        assert global_inputs[katago_inputs.PARITY] == expected


def test_moves_are_shown_while_the_players_alternate():
    game = play_moves(5, "A1 B1 pass C1 D1 E1")
    planes, global_inputs = encode(game)
    assert [names(plane) for plane in planes[9:14]] == ["E1", "D1", "C1", "", "B1"]
    assert global_inputs[:5].tolist() == [0, 0, 0, 1, 0]
    game.play(rules.parse_move("E5", 5), rules.WHITE)  # White again
    planes, _ = encode(game)
    assert [names(plane) for plane in planes[9:14]] == ["E5", "", "", "", ""]
    game.to_play = rules.WHITE
    planes, _ = encode(game)
    assert not planes[9:14].any()


def test_a_pass_that_ends_the_game_hides_the_moves_before_it():
    game = play_moves(5, "A1 B1 pass pass")
    planes, global_inputs = encode(game)
    assert not planes[9:14].any()
    assert global_inputs[:5].tolist() == [1, 0, 0, 0, 0]
    assert global_inputs[katago_inputs.PASS_ENDS] == 1
    game.resume()
    game.play(rules.parse_move("C1", 5))
    planes, global_inputs = encode(game)
    assert [names(plane) for plane in planes[9:14]] == ["C1", "", "", "", ""]
    assert global_inputs[:5].tolist() == [0, 1, 0, 0, 0]
    assert global_inputs[katago_inputs.PASS_ENDS] == 0


def test_a_pass_ends_the_game_only_after_a_pass():
    game = play_moves(5, "A1")
    assert encode(game)[1][katago_inputs.PASS_ENDS] == 0
    game.play(25)
    assert encode(game)[1][katago_inputs.PASS_ENDS] == 1


@pytest.mark.parametrize("ko", game_config.Ko)
def test_a_ko_is_forbidden(ko):
    planes, _ = encode(play_moves(5, KO, ko=ko))
    assert names(planes[katago_inputs.KO]) == "B1"


@pytest.mark.parametrize(("ko", "banned"), [("positional", "A1"), ("situational", "A1"), ("simple", "")])
def test_a_repetition_is_forbidden_by_superko_only(ko, banned):
    game = play_moves(2, "A1 A2 B1 B2 A1 B1", ko=game_config.Ko(ko))
    assert names(encode(game)[0][katago_inputs.KO]) == banned


def test_suicide_of_one_stone_is_not_a_repetition():
    game = play_moves(3, "B1 C3 A2", suicide=True)
    assert game.legal()[0] == 0
    assert names(encode(game)[0][katago_inputs.KO]) == ""


def test_undo_and_growth_keep_the_recent_moves():
    game = play.Game(3, 7.0, capacity=10)
    for action in (0, 2, 8, 9, 4):
        game.play(action)
    before = encode(game)
    assert game.record["hashes"].shape[1] > 11
    game.play(6)
    game.undo()
    for ours, expected in zip(encode(game), before, strict=True):
        np.testing.assert_array_equal(ours, expected)
    assert game.record["recent_moves"][0].tolist() == [4, 9, 8, 2, 0]
    assert game.record["recent_colors"][0].tolist() == [1, 2, 1, 2, 1]


def test_stones_that_are_set_up_are_not_moves():
    game = play.Game(5, 7.0, capacity=positions.CAPACITY)
    game.set_up([12], [13], rules.WHITE)
    game.play(0)
    planes, _ = encode(game)
    assert names(planes[katago_inputs.OWN]) == "C3"
    assert names(planes[katago_inputs.OPPONENT]) == "A1 D3"
    assert [names(plane) for plane in planes[9:14]] == ["A1", "", "", "", ""]


def test_games_of_a_batch_do_not_mix():
    table = positions.make_table(5, count=3)
    for index, moves in enumerate(["A1", "B2 C3 B3 pass C2 D2", "pass"]):
        for action in positions.actions(moves, 5):
            assert positions.game_kernels.play(*table, index, action) == rules.OK
    family, scratch = input_families.KATAGO, input_families.make_scratch(25)
    planes = np.full((3, family.num_planes, 25), 9, np.uint8)
    global_inputs = np.full((3, family.num_globals), 9, np.float32)
    indices = np.array([2, 1, 0])
    input_families.encode(family, table.geometry, table.games, indices, scratch, planes, global_inputs)
    for row, index in enumerate(indices):
        alone, alone_globals = planes[:1].copy(), global_inputs[:1].copy()
        one = np.array([index])
        input_families.encode(
            family, table.geometry, table.games, one, input_families.make_scratch(25), alone, alone_globals
        )
        np.testing.assert_array_equal(planes[row], alone[0])
        np.testing.assert_array_equal(global_inputs[row], alone_globals[0])


def test_areas_as_if_suicide_were_legal():
    # The eye in the corner is one only if White may not remove its own stones.
    black, white = "C5 E5 B4 C4 D4 E4 A3 B3", "A5 A4 C3 D3 E3 A2 B2 C2 D2 E2 A1 C1 E1"
    areas = {}
    for suicide in (False, True):
        game = play.Game(5, 7.0, suicide=suicide, capacity=positions.CAPACITY)
        game.set_up(positions.actions(black, 5), positions.actions(white, 5), rules.BLACK)
        for family in (input_families.KATAGO, input_families.KATAGO_SUICIDE_AREA):
            areas[suicide, family.name] = names(encode(game, family)[0][katago_inputs.OWN_AREA])
    living = "A3 B3 A4 B4 C4 D4 E4 A5 B5 C5 D5 E5"
    assert areas.pop((False, "katago")) == living
    assert set(areas.values()) == {"A3 B3 B4 C4 D4 E4 C5 D5 E5"}


@pytest.mark.parametrize("size", [2, 19])
def test_all_sizes(size):
    game = play.Game(size, 7.0)
    game.play(0)
    planes, _ = encode(game)
    assert names(planes[katago_inputs.OPPONENT]) == "A1"
    assert planes[katago_inputs.ON_BOARD].all()
    # A stone in the corner cannot escape, except that on 2x2 it captures its attacker.
    assert names(planes[katago_inputs.LADDERS]) == ("" if size == 2 else "A1")
    assert geometry.make(size).num_points == planes.shape[1]
