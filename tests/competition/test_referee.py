"""Each way in which a game can end, and what the sides hear of it; rules are gomill's (competitions.rst)."""

import dataclasses
from typing import Any

import pytest

from alphazero.competition import opening as openings
from alphazero.competition import record, referee, settings, sides
from alphazero.go import rules
from tests.competition.playing import game_settings
from tests.competition.scripted import ScriptedSide

PASSES, RESIGN, CLAIM = record.End.passes, record.End.resign, record.End.claim
LIMIT, FORFEIT = record.End.limit, record.End.forfeit
INTERNAL = {"scorer": settings.Scorer.internal}
VOID_WHEN_LATE = {"late": settings.Late.void}


@dataclasses.dataclass
class Case:
    name: str
    result: str
    """Or "void"."""
    end: record.End | None = None
    black: dict[str, Any] = dataclasses.field(default_factory=dict)
    white: dict[str, Any] = dataclasses.field(default_factory=dict)
    game: dict[str, Any] = dataclasses.field(default_factory=dict)
    detail: str = ""
    moves: str | None = None
    """As the SGF file has them; None where they do not matter."""


def sgf_moves(course):
    return " ".join(rules.format_move(action, 5) for _, action in course.moves)


def both(replies_black, replies_white):
    return {"black": {"replies": replies_black.split()}, "white": {"replies": replies_white.split()}}


# Black's fifth move takes the stone on B3; White's B3 would bring that board back at once.
KO = both("B4 A3 B2 E1 C3", "C4 D3 C2 B3 B3")
LATER = both("B4 A3 B2 E1 C3 E2 resign", "C4 D3 C2 B3 E5 B3")

CASES = [
    Case("both know the score", "B+1.5", PASSES, {"score": "B+1.5"}, {"score": "B+1.5"}, moves="pass pass"),
    Case("they differ in the margin", "B+", PASSES, {"score": "B+1.5"}, {"score": "B+2"},
         detail="unknown margin"),
    Case("they disagree", "?", PASSES, {"score": "B+1.5"}, {"score": "W+1.5"}, {}, "players disagreed"),
    Case("nobody can say", "?", PASSES, detail="no score reported"),
    Case("one can say", "W+7", PASSES, white={"score": "W+7.0"}),
    Case("jigo", "0", PASSES, {"score": "0"}, {"score": "0"}),
    Case("counted by us", "B+22.5", PASSES, **both("C3", ""), game=INTERNAL, moves="C3 pass pass"),
    Case("an empty board is White's by komi", "W+2.5", PASSES, game=INTERNAL),
    Case("jigo by us", "0", PASSES, game=INTERNAL | {"komi": 0.0}),
    Case("resignation", "W+R", RESIGN, **both("C3 resign", "C4"), moves="C3 C4"),
    Case("White's resignation", "B+R", RESIGN, **both("C3", "resign"), moves="C3"),
    Case("claim", "B+", CLAIM, **both("C3 claim", "C4"), detail="claim", moves="C3 C4"),
    Case("limit", "Void", LIMIT, **both("A1 A2 A3", "E1 E2"), game={"move_limit": 3},
         detail="hit move limit", moves="A1 E1 A2"),
    Case("two passes at the limit", "W+2.5", PASSES, game=INTERNAL | {"move_limit": 2}),
    Case("one pass at the limit", "Void", LIMIT, game={"move_limit": 1}, detail="hit move limit"),
    Case("occupied", "W+F", FORFEIT, **both("C3 D4", "D4"), moves="C3 D4",
         detail="forfeit by a: illegal move: black D4: the point is occupied"),
    Case("simple ko", "B+F", FORFEIT, **KO, moves="B4 C4 A3 D3 B2 C2 E1 B3 C3",
         detail="forfeit by b: illegal move: white B3: it would repeat an earlier position"),
    Case("simple ko, later", "W+R", RESIGN, **LATER, moves="B4 C4 A3 D3 B2 C2 E1 B3 C3 E5 E2 B3"),
    Case("self-capture", "W+R", RESIGN, **both("A1 E5 E4 A2 resign", "B1 B2 A3 E1"),
         moves="A1 B1 E5 B2 E4 A3 A2 E1"),
    Case("self-capture of a single stone changes nothing", "W+F", FORFEIT, **both("E5 E4 A1", "A2 B1"),
         detail="forfeit by a: illegal move: black A1: it would repeat an earlier position"),
    Case("no move", "W+F", FORFEIT, {"replies": [sides.Forfeit("answered 'tea' to 'genmove b'")]},
         detail="forfeit by a: answered 'tea' to 'genmove b'", moves=""),
    Case("a move that the opponent calls illegal", "W+F", FORFEIT, {"replies": ["C3"]},
         {"troubles": {1: sides.Rejection("says that C3 is illegal")}}, moves="",
         detail="forfeit by a: b says that C3 is illegal"),
    Case("a move that the opponent cannot take", "B+F", FORFEIT, {"replies": ["C3"]},
         {"troubles": {1: sides.Forfeit("refused 'play b C3': huh")}}, moves="",
         detail="forfeit by b: refused 'play b C3': huh"),
    Case("late", "W+T", FORFEIT, {"replies": ["C3", sides.TooLate("no answer")]}, moves="C3 pass",
         detail="forfeit by a: no answer"),
    Case("late where that makes a game void", "void", None, {"replies": [sides.TooLate("no answer")]},
         game=VOID_WHEN_LATE, detail="a: no answer"),
    Case("late in hearing of a move", "B+T", FORFEIT, {"replies": ["C3"]},
         {"troubles": {1: sides.TooLate("no answer")}}, detail="forfeit by b: no answer"),
    Case("death while thinking", "void", None, {"replies": ["C3", sides.Broken("ended")]}, detail="a: ended",
         moves="C3 pass"),
    Case("death in hearing of a move", "void", None, {"replies": ["C3"]},
         {"troubles": {1: sides.Broken("ended")}}, detail="b: ended", moves=""),
    Case("death at the start", "void", None, {"troubles": {"start": sides.Broken("ended")}},
         detail="a: ended"),
    Case("late at the start", "void", None, {}, {"troubles": {"start": sides.TooLate("no answer")}},
         detail="b: no answer"),
    Case("death after the last pass", "B+1.5", PASSES,
         {"score": "B+1.5", "troubles": {1: sides.Broken("ended")}}, moves="pass pass"),
    Case("anything at the limit", "Void", LIMIT, {"replies": ["C3"]},
         {"troubles": {1: sides.Broken("ended")}}, game={"move_limit": 1}, detail="hit move limit",
         moves="C3"),
]  # fmt: skip


def play(case, **options):
    size = case.game.get("board_size", 5)
    black = ScriptedSide("a", size=size, **case.black)
    white = ScriptedSide("b", size=size, **case.white)
    return referee.play(black, white, game_settings(**case.game), **options), black, white


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_endings(case):
    ending, _, _ = play(case)
    if case.result == "void":
        assert isinstance(ending, referee.Void)
        assert ending.reason == case.detail
    else:
        assert isinstance(ending, referee.Outcome)
        assert (ending.result, ending.end) == (case.result, case.end)
        assert ending.winner == {"B": "b", "W": "w"}.get(case.result[0] if case.result[1:2] == "+" else "")
        if case.detail or case.end is not FORFEIT:
            assert ending.detail == case.detail
    if case.moves is not None:
        assert sgf_moves(ending.course) == case.moves


def test_both_hear_of_the_moves_of_the_other():
    case = Case("", "", **both("C3 C2", "D4 D2"))
    _, black, white = play(case)
    assert black.told == ["w D4", "w D2", "w pass"]
    assert white.told == ["b C3", "b C2", "b pass"]
    assert black.calls == ["start", *["genmove"] * 3, "final_score"]


def test_nobody_is_asked_for_a_score_that_we_count():
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
    assert black.told == ["C3 G7 C7", "w pass"]
    assert white.told == ["C3 G7 C7", "b pass"]
    assert ending.course.stones == sorted(rules.parse_move(vertex, 9) for vertex in ("C3", "G7", "C7"))
    assert ending.course.moves == [(rules.WHITE, 81), (rules.BLACK, 81)]
    assert isinstance(ending, referee.Outcome)
    assert ending.result == result


def test_a_free_handicap_may_be_smaller():
    game = HANDICAP | {"handicap_style": settings.HandicapStyle.free}
    ending, black, white = play(Case("", "", black={"free": ["A1", "B1"]}, game=game))
    assert (black.calls[1], white.calls[1], white.told[0]) == ("place_free", "set_free", "A1 B1")
    assert isinstance(ending, referee.Outcome)
    assert ending.result == "B+78.5"  # two points less


@pytest.mark.parametrize(
    ("style", "black", "white", "reason"),
    [
        ("fixed", {"troubles": {"place_fixed": sides.Broken("refused")}}, {}, "a: refused"),
        ("fixed", {}, {"troubles": {"place_fixed": sides.Broken("refused")}}, "b: refused"),
        ("free", {"troubles": {"place_free": sides.TooLate("no answer")}}, {}, "a: no answer"),
        ("free", {"free": ["A1", "B1"]}, {"troubles": {"set_free": sides.Broken("refused")}}, "b: refused"),
        ("free", {"free": ["A1", "A1"]}, {}, "a: handicap stones: black stone on A1: the point is occupied"),
    ],
)
def test_a_handicap_that_fails_is_void(style, black, white, reason):
    game = HANDICAP | {"handicap_style": settings.HandicapStyle(style)}
    ending, _, _ = play(Case("", "", black=black, white=white, game=game))
    assert isinstance(ending, referee.Void)
    assert (ending.reason, ending.course.moves) == (reason, [])


def test_an_opening_is_told_to_both():
    moves = tuple(rules.parse_move(vertex, 5) for vertex in ("C3", "D4", "C2"))
    ending, black, white = play(Case("", "", game=INTERNAL), opening=openings.Opening(moves=moves))
    assert black.told[:3] == white.told[:3] == ["b C3", "w D4", "b C2"]
    assert sgf_moves(ending.course) == "C3 D4 C2 pass pass"
    assert white.calls[:2] == ["start", "genmove"]


def test_the_stones_of_a_handicap_opening_are_told_before_its_moves():
    stones, move = (rules.parse_move("B2", 5), rules.parse_move("D4", 5)), rules.parse_move("C3", 5)
    opening = openings.Opening(stones=stones, moves=(move,))
    ending, black, white = play(Case("", "", game=INTERNAL), opening=opening)
    assert black.told[:2] == white.told[:2] == ["B2 D4", "w C3"]
    assert black.calls[:3] == ["start", "set_free", "genmove"]
    assert ending.course.stones == sorted(stones)
    assert sgf_moves(ending.course) == "C3 pass pass"


def test_handicap_stones_that_a_side_refuses_are_void():
    opening = openings.Opening(stones=(0, 24))
    case = Case("", "", white={"troubles": {"set_free": sides.Broken("knows no handicap")}})
    ending, _, _ = play(case, opening=opening)
    assert isinstance(ending, referee.Void)
    assert ending.reason == "b: knows no handicap"


def test_an_opening_that_a_side_rejects_is_void():
    opening = openings.Opening(moves=(rules.parse_move("C3", 5),))
    case = Case("", "", white={"troubles": {1: sides.Rejection("says that C3 is illegal")}})
    ending, _, _ = play(case, opening=opening)
    assert isinstance(ending, referee.Void)
    assert ending.reason == "b: says that C3 is illegal"


def test_comments_stand_beside_their_moves():
    ending, _, _ = play(Case("", "", **both("C3#good C2 resign#enough", "D4#hm")))
    assert ending.course.comments == {1: "good", 2: "hm", 4: "a: enough"}


def test_equal_games_are_told_by_their_moves():
    def digest(black, white, **options):
        return play(Case("", "", **both(black, white), **options))[0].course.moves_sha256

    assert digest("C3", "D4") == digest("C3", "D4", game=INTERNAL) != digest("C3", "D3")
