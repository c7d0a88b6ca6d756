"""Tests of `play.Game`: refused moves, undo, copies and growth."""

import hypothesis
import numpy as np
import pytest

from alphazero.go import game_kernels, play, rules
from tests.go import positions


def make_game(moves, size=5, **settings):
    position = play.Game(size, 7.0, capacity=positions.CAPACITY, **settings)
    for action in positions.actions(moves, size):
        position.play(action)
    return position


def test_an_illegal_move_says_why_and_changes_nothing():
    position = make_game("A1 B2")
    before = position.record.tobytes()
    with pytest.raises(ValueError) as error:
        position.play(rules.parse_move("B2", 5), rules.WHITE)
    assert str(error.value) == (
        "white B2: the point is occupied\n  5 . . . . .\n  4 . . . . .\n  3 . . . . .\n"
        "  2 .(O). . .\n  1 X . . . .\n    A B C D E"
    )
    assert position.record.tobytes() == before
    with pytest.raises(ValueError, match="black action 26: not on the board"):
        position.play(26)
    with pytest.raises(ValueError, match="black action 99999: not on the board"):
        position.play(99999)
    assert len(position.moves) == 2


def test_one_colour_may_move_twice():
    position = make_game("")
    position.play(0, rules.WHITE)
    position.play(1, rules.WHITE)
    assert position.stones[:2].tolist() == [rules.WHITE, rules.WHITE]
    assert position.to_play == rules.BLACK
    position.undo()
    assert position.to_play == rules.WHITE
    assert position.moves == [(rules.WHITE, 0)]


@hypothesis.given(positions.random_games(sizes=(3, 5), max_moves=30))
def test_undo_leads_back_through_every_record(seed):
    position = play.Game(seed.size, 7.0, ko=seed.ko, suicide=seed.suicide, capacity=positions.CAPACITY)
    records = []
    for choice in seed.choices():
        if position.is_over:
            break
        records.append(position.copy().record)
        position.play(positions.choose(position.legal(), int(choice)))
    while records:
        position.undo()
        expected = records.pop()
        # Entries after the current hash are never read.
        end = int(expected["num_moves"][0]) + 1
        assert np.array_equal(position.record["hashes"][0, :end], expected["hashes"][0, :end])
        for name in set(expected.dtype.names) - {"hashes"}:
            assert np.array_equal(position.record[name], expected[name]), name
    with pytest.raises(ValueError, match="no move to take back"):
        position.undo()


@hypothesis.given(positions.random_games(sizes=(2, 3), max_moves=60))
def test_it_does_not_matter_which_colour_begins(seed):
    position, swapped = (
        play.Game(seed.size, 7.0, ko=seed.ko, suicide=seed.suicide, capacity=positions.CAPACITY)
        for _ in range(2)
    )
    swapped.to_play = rules.WHITE
    for choice in seed.choices():
        legal = position.legal()
        assert np.array_equal(swapped.legal(), legal)
        if position.is_over:
            break
        for each in (position, swapped):
            each.play(positions.choose(legal, int(choice)))


def test_passes_end_and_resume_goes_on():
    position = make_game("A1 pass pass")
    assert position.is_over
    assert not position.legal().any()
    with pytest.raises(ValueError, match="white C3: the game is over"):
        position.play(rules.parse_move("C3", 5))
    position.resume()
    position.play(25)
    assert not position.is_over
    position.play(rules.parse_move("C3", 5))
    for _ in range(3):
        position.undo()
    assert not position.is_over
    assert position.moves == [(rules.BLACK, 0), (rules.WHITE, 25)]


def test_score_and_ownership():
    position = make_game("B1 pass B2 pass B3 pass B4 pass B5 D1 pass D2 pass D3 pass D4 pass D5")
    # Ten points for each player and a neutral column.
    assert position.score() == -7.0
    assert position.ownership().tolist() == [1, 1, 0, -1, -1] * 5
    position.komi = 0.5
    assert position.score() == -0.5
    position.undo()
    assert position.komi == 0.5


@pytest.mark.parametrize("komi", [7.3, 401, float("nan"), float("inf")])
def test_komi_is_a_number_of_halves(komi):
    position = make_game("")
    for set_komi in (lambda: play.Game(5, komi), lambda: setattr(position, "komi", komi)):
        with pytest.raises(ValueError, match=f"komi {komi}: must be a multiple of 0.5 from -400 to 400"):
            set_komi()
    assert position.komi == 7.0


def test_copies_are_independent():
    position = make_game("A1")
    other = position.copy()
    other.play(5)
    assert (len(position.moves), len(other.moves)) == (1, 2)
    assert position.stones[5] == rules.EMPTY
    assert position.to_play == rules.WHITE


def test_set_up():
    position = make_game("")
    position.set_up(positions.actions("B2 D4", 5), positions.actions("C3", 5), rules.WHITE)
    assert position.to_play == rules.WHITE
    assert str(position).splitlines()[1:4] == ["  4 . . . X .", "  3 . . O . .", "  2 . X . . ."]
    position.play(rules.parse_move("A1", 5))
    position.undo()
    assert np.count_nonzero(position.stones) == 3
    assert position.to_play == rules.WHITE


@pytest.mark.parametrize(
    ("moves", "black", "white", "reason"),
    [
        ("A1", "B2", "", "only before the first move\n  5"),
        ("", "B2", "B2", "white stone on B2: the point is occupied\n  5"),
        ("", "B2 B2", "", "black stone on B2: the point is occupied\n  5"),
        ("", "pass", "", "black stone on action 25: not a point of a 5x5 board"),
        ("", "A1", "A2 B1", "the stones at A1 are set up without a liberty\n  5"),
    ],
)
def test_set_up_refuses(moves, black, white, reason):
    position = make_game(moves)
    before = position.record.tobytes()
    with pytest.raises(ValueError, match=reason):
        position.set_up(positions.actions(black, 5), positions.actions(white, 5), rules.BLACK)
    assert position.record.tobytes() == before


def test_a_set_up_position_may_not_be_repeated():
    # A ko in the corner: Black captures first, and White must not recapture at once.
    position = make_game("")
    position.set_up(positions.actions("A1 B2", 5), positions.actions("B1 C2 D1", 5), rules.BLACK)
    position.play(rules.parse_move("C1", 5))
    assert position.captures(rules.BLACK) == 1
    with pytest.raises(ValueError, match="white B1: it would repeat an earlier position"):
        position.play(rules.parse_move("B1", 5))


def test_the_record_grows():
    small, large = (play.Game(3, 7.0, capacity=capacity) for capacity in (100, positions.CAPACITY))
    for choice in np.random.default_rng(0).integers(0, 2**31, 110):
        action = positions.choose(small.legal(), int(choice))
        for position in (small, large):
            position.play(action)
            position.resume()
        assert np.array_equal(small.stones, large.stones)
        assert np.array_equal(small.legal(), large.legal())
    # The capacity doubled when fewer than nine more moves fitted.
    assert small.record.dtype == game_kernels.game_dtype(3, 200)
    small.undo()
    large.undo()
    assert small.moves == large.moves
    assert np.array_equal(small.legal(), large.legal())


def test_a_move_limit_ends_the_game():
    position = make_game("A1 B2 C3", move_limit=3)
    assert position.is_over
