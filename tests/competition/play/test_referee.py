"""Tests of the referee: each way to end a game, and the calls to the sides; by gomill's competitions.rst."""

import dataclasses
from typing import Any

import pytest

from alphazero.competition.control_files import settings
from alphazero.competition.play import opening_moves, referee, sides
from alphazero.competition.results import record
from alphazero.go import rules
from tests.competition.play.scripted import ScriptedSide
from tests.competition.playing import game_settings

PASSES, RESIGN, CLAIM = record.End.passes, record.End.resign, record.End.claim
LIMIT, FORFEIT = record.End.limit, record.End.forfeit
INTERNAL = {"scorer": settings.Scorer.internal}
VOID_WHEN_LATE = {"late": settings.Late.void}


@dataclasses.dataclass
class Case:
    name: str
    result: str
    """As in the SGF file, or "void"."""
    end: record.End | None = None
    black: dict[str, Any] = dataclasses.field(default_factory=dict)
    white: dict[str, Any] = dataclasses.field(default_factory=dict)
    game: dict[str, Any] = dataclasses.field(default_factory=dict)
    detail: str = ""
    moves: str | None = None
    """As in the SGF file; None if they do not matter."""


def sgf_moves(transcript):
    return " ".join(rules.format_move(action, 5) for _, action in transcript.moves)


def pair(replies_black, replies_white):
    return {"black": {"replies": replies_black.split()}, "white": {"replies": replies_white.split()}}


# Black's fifth move captures the stone on B3; White's B3 would repeat the position at once.
KO = pair("B4 A3 B2 E1 C3", "C4 D3 C2 B3 B3")
LATER = pair("B4 A3 B2 E1 C3 E2 resign", "C4 D3 C2 B3 E5 B3")

CASES = [
    Case("scores agree", "B+1.5", PASSES, {"score": "B+1.5"}, {"score": "B+1.5"}, moves="pass pass"),
    Case("margins differ", "B+", PASSES, {"score": "B+1.5"}, {"score": "B+2"},
         detail="unknown margin"),
    Case("winners differ", "?", PASSES, {"score": "B+1.5"}, {"score": "W+1.5"}, {}, "players disagreed"),
    Case("neither reports a score", "?", PASSES, detail="no score reported"),
    Case("one reports a score", "W+7", PASSES, white={"score": "W+7.0"}),
    Case("jigo", "0", PASSES, {"score": "0"}, {"score": "0"}),
    Case("internal score", "B+22.5", PASSES, **pair("C3", ""), game=INTERNAL, moves="C3 pass pass"),
    Case("an empty board is White's by komi", "W+2.5", PASSES, game=INTERNAL),
    Case("internal jigo", "0", PASSES, game=INTERNAL | {"komi": 0.0}),
    Case("resignation", "W+R", RESIGN, **pair("C3 resign", "C4"), moves="C3 C4"),
    Case("White's resignation", "B+R", RESIGN, **pair("C3", "resign"), moves="C3"),
    Case("claim", "B+", CLAIM, **pair("C3 claim", "C4"), detail="claim", moves="C3 C4"),
    Case("limit", "Void", LIMIT, **pair("A1 A2 A3", "E1 E2"), game={"move_limit": 3},
         detail="hit move limit", moves="A1 E1 A2"),
    Case("two passes at the limit", "W+2.5", PASSES, game=INTERNAL | {"move_limit": 2}),
    Case("one pass at the limit", "Void", LIMIT, game={"move_limit": 1}, detail="hit move limit"),
    Case("occupied", "W+F", FORFEIT, **pair("C3 D4", "D4"), moves="C3 D4",
         detail="forfeit by a: illegal move: black D4: the point is occupied"),
    Case("simple ko", "B+F", FORFEIT, **KO, moves="B4 C4 A3 D3 B2 C2 E1 B3 C3",
         detail="forfeit by b: illegal move: white B3: it would repeat an earlier position"),
    Case("simple ko, later", "W+R", RESIGN, **LATER, moves="B4 C4 A3 D3 B2 C2 E1 B3 C3 E5 E2 B3"),
    Case("self-capture", "W+R", RESIGN, **pair("A1 E5 E4 A2 resign", "B1 B2 A3 E1"),
         moves="A1 B1 E5 B2 E4 A3 A2 E1"),
    Case("self-capture of a single stone changes nothing", "W+F", FORFEIT, **pair("E5 E4 A1", "A2 B1"),
         detail="forfeit by a: illegal move: black A1: it would repeat an earlier position"),
    Case("no move", "W+F", FORFEIT, {"replies": [sides.Forfeit("answered 'tea' to 'genmove b'")]},
         detail="forfeit by a: answered 'tea' to 'genmove b'", moves=""),
    Case("a move that the opponent rejects", "W+F", FORFEIT, {"replies": ["C3"]},
         {"failures": {1: sides.Rejection("rejected C3 as illegal")}}, moves="",
         detail="forfeit by a: b rejected C3 as illegal"),
    Case("a move that the opponent refuses", "B+F", FORFEIT, {"replies": ["C3"]},
         {"failures": {1: sides.Forfeit("refused 'play b C3': huh")}}, moves="",
         detail="forfeit by b: refused 'play b C3': huh"),
    Case("late", "W+T", FORFEIT, {"replies": ["C3", sides.TooLate("no answer")]}, moves="C3 pass",
         detail="forfeit by a: no answer"),
    Case("late with void games", "void", None, {"replies": [sides.TooLate("no answer")]},
         game=VOID_WHEN_LATE, detail="a: no answer"),
    Case("late at the opponent's move", "B+T", FORFEIT, {"replies": ["C3"]},
         {"failures": {1: sides.TooLate("no answer")}}, detail="forfeit by b: no answer"),
    Case("death at genmove", "void", None, {"replies": ["C3", sides.Broken("ended")]}, detail="a: ended",
         moves="C3 pass"),
    Case("death at the opponent's move", "void", None, {"replies": ["C3"]},
         {"failures": {1: sides.Broken("ended")}}, detail="b: ended", moves=""),
    Case("death at the start", "void", None, {"failures": {"start": sides.Broken("ended")}},
         detail="a: ended"),
    Case("late at the start", "void", None, {}, {"failures": {"start": sides.TooLate("no answer")}},
         detail="b: no answer"),
    Case("death after the last pass", "B+1.5", PASSES,
         {"score": "B+1.5", "failures": {1: sides.Broken("ended")}}, moves="pass pass"),
    Case("death at the limit", "Void", LIMIT, {"replies": ["C3"]},
         {"failures": {1: sides.Broken("ended")}}, game={"move_limit": 1}, detail="hit move limit",
         moves="C3"),
]  # fmt: skip


def play(case, **options):
    size = case.game.get("board_size", 5)
    black = ScriptedSide("a", size=size, **case.black)
    white = ScriptedSide("b", size=size, **case.white)
    return referee.play_game(black, white, game_settings(**case.game), **options), black, white


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_endings(case):
    ending, _, _ = play(case)
    if case.result == "void":
        assert isinstance(ending, referee.VoidGame)
        assert ending.reason == case.detail
    else:
        assert isinstance(ending, referee.CountedGame)
        assert (ending.result, ending.end) == (case.result, case.end)
        assert ending.winner == {"B": "b", "W": "w"}.get(case.result[0] if case.result[1:2] == "+" else "")
        if case.detail or case.end is not FORFEIT:
            assert ending.detail == case.detail
    if case.moves is not None:
        assert sgf_moves(ending.transcript) == case.moves


def test_each_side_receives_the_other_s_moves():
    case = Case("", "", **pair("C3 C2", "D4 D2"))
    _, black, white = play(case)
    assert black.received == ["w D4", "w D2", "w pass"]
    assert white.received == ["b C3", "b C2", "b pass"]
    assert black.calls == ["start", *["genmove"] * 3, "final_score"]


def test_the_internal_scorer_requests_no_scores():
    _, black, white = play(Case("", "", game=INTERNAL))
    assert "final_score" not in black.calls + white.calls


HANDICAP = INTERNAL | {"handicap": 3, "board_size": 9, "komi": 0.5}


@pytest.mark.parametrize(
    ("compensation", "result"),
    [
        (settings.Compensation.no, "B+80.5"),
        (settings.Compensation.full, "B+77.5"),
        (settings.Compensation.short, "B+78.5"),
    ],
)
def test_a_fixed_handicap(compensation, result):
    game = HANDICAP | {"internal_scorer_handicap_compensation": compensation}
    ending, black, white = play(Case("", "", game=game))
    assert black.received == ["C3 G7 C7", "w pass"]
    assert white.received == ["C3 G7 C7", "b pass"]
    assert ending.transcript.stones == sorted(rules.parse_move(vertex, 9) for vertex in ("C3", "G7", "C7"))
    assert ending.transcript.moves == [(rules.WHITE, 81), (rules.BLACK, 81)]
    assert isinstance(ending, referee.CountedGame)
    assert ending.result == result


def test_a_free_handicap_may_be_smaller():
    game = HANDICAP | {"handicap_style": settings.HandicapStyle.free}
    ending, black, white = play(Case("", "", black={"free": ["A1", "B1"]}, game=game))
    assert (black.calls[1], white.calls[1], white.received[0]) == ("place_free", "set_free", "A1 B1")
    assert isinstance(ending, referee.CountedGame)
    assert ending.result == "B+78.5"  # two points less


@pytest.mark.parametrize(
    ("style", "black", "white", "reason"),
    [
        ("fixed", {"failures": {"place_fixed": sides.Broken("refused")}}, {}, "a: refused"),
        ("fixed", {}, {"failures": {"place_fixed": sides.Broken("refused")}}, "b: refused"),
        ("free", {"failures": {"place_free": sides.TooLate("no answer")}}, {}, "a: no answer"),
        ("free", {"free": ["A1", "B1"]}, {"failures": {"set_free": sides.Broken("refused")}}, "b: refused"),
        ("free", {"free": ["A1", "A1"]}, {}, "a: handicap stones: black stone on A1: the point is occupied"),
    ],
)
def test_a_handicap_that_fails_is_void(style, black, white, reason):
    game = HANDICAP | {"handicap_style": settings.HandicapStyle(style)}
    ending, _, _ = play(Case("", "", black=black, white=white, game=game))
    assert isinstance(ending, referee.VoidGame)
    assert (ending.reason, ending.transcript.moves) == (reason, [])


def test_an_opening_is_sent_to_both_sides():
    moves = tuple(rules.parse_move(vertex, 5) for vertex in ("C3", "D4", "C2"))
    ending, black, white = play(Case("", "", game=INTERNAL), opening=opening_moves.OpeningMoves(moves=moves))
    assert black.received[:3] == white.received[:3] == ["b C3", "w D4", "b C2"]
    assert sgf_moves(ending.transcript) == "C3 D4 C2 pass pass"
    assert white.calls[:2] == ["start", "genmove"]


def test_the_stones_of_a_handicap_opening_are_sent_before_its_moves():
    stones, move = (rules.parse_move("B2", 5), rules.parse_move("D4", 5)), rules.parse_move("C3", 5)
    opening = opening_moves.OpeningMoves(stones=stones, moves=(move,))
    ending, black, white = play(Case("", "", game=INTERNAL), opening=opening)
    assert black.received[:2] == white.received[:2] == ["B2 D4", "w C3"]
    assert black.calls[:3] == ["start", "set_free", "genmove"]
    assert ending.transcript.stones == sorted(stones)
    assert sgf_moves(ending.transcript) == "C3 pass pass"


def test_handicap_stones_that_a_side_refuses_are_void():
    opening = opening_moves.OpeningMoves(stones=(0, 24))
    case = Case("", "", white={"failures": {"set_free": sides.Broken("does not support handicaps")}})
    ending, _, _ = play(case, opening=opening)
    assert isinstance(ending, referee.VoidGame)
    assert ending.reason == "b: does not support handicaps"


def test_an_opening_that_a_side_rejects_is_void():
    opening = opening_moves.OpeningMoves(moves=(rules.parse_move("C3", 5),))
    case = Case("", "", white={"failures": {1: sides.Rejection("rejected C3 as illegal")}})
    ending, _, _ = play(case, opening=opening)
    assert isinstance(ending, referee.VoidGame)
    assert ending.reason == "b: rejected C3 as illegal"


def test_comments_belong_to_their_moves():
    ending, _, _ = play(Case("", "", **pair("C3#good C2 resign#enough", "D4#hm")))
    assert ending.transcript.comments == {1: "good", 2: "hm", 4: "a: enough"}


def test_equal_games_have_equal_hashes():
    def digest(black, white, **options):
        return play(Case("", "", **pair(black, white), **options))[0].transcript.moves_sha256

    assert digest("C3", "D4") == digest("C3", "D4", game=INTERNAL) != digest("C3", "D3")
