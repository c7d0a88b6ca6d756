"""Tests of the SGF files of games, read by sgfmill."""

import datetime

import msgspec
import pytest
from sgfmill import sgf

from alphazero.competition.play import game_sgf, referee, schedule
from alphazero.competition.results import record
from alphazero.go import rules
from tests.competition.play.scripted import ScriptedSide
from tests.competition.playing import game_settings, matchup, result

DATE = datetime.datetime(2026, 1, 31, 23, 59)
FIXTURE = schedule.Fixture(matchup(openings="book"), 1)
MOVES = [(rules.BLACK, 12), (rules.WHITE, 25), (rules.BLACK, 25)]


def read(transcript, ending, fixture=FIXTURE):
    pair = {rules.BLACK: ScriptedSide("b"), rules.WHITE: ScriptedSide("a")}
    pair[rules.BLACK].name = "Grün:1"
    pair[rules.WHITE].cpu_s = 0.5
    return sgf.Sgf_game.from_bytes(game_sgf.write("trial", fixture, transcript, ending, pair, DATE))


def played(**options):
    return result(1, black="b", white="a", **options)


def test_properties_and_comments():
    transcript = referee.Transcript(moves=MOVES, comments={1: "good", 3: "a: well"})
    game = read(transcript, played(scores={"b": "B+3.5", "w": "B+2.5"}, result="B+", detail="unknown margin"))
    root, *nodes = game.get_main_sequence()
    expected = {
        "SZ": 5, "KM": 2.5, "RE": "B+", "PB": "Grün:1", "PW": "a", "RU": "koSIMPLEscoreAREAtaxNONEsui1",
        "DT": "2026-01-31", "EV": "trial (a v b)", "GN": "trial 0_1",
    }  # fmt: skip
    assert {name: root.get(name) for name in expected} == expected
    assert not root.has_property("HA")
    assert root.get("C").split("\n") == [
        "Game id 0_1", "Date 2026-01-31 23:59", "Opening 0, 6 moves", "Black b: b", "b time: 1.50 s",
        "White a: a", "a time: 1.50 s, CPU time 0.50 s", "Result: b beat a B+ (unknown margin)",
    ]  # fmt: skip
    assert [node.get_move() for node in nodes] == [("b", (2, 2)), ("w", None), ("b", None)]
    assert nodes[0].get("C") == "good"
    assert not nodes[1].has_property("C")
    assert nodes[2].get("C").split("\n") == [
        "a: well", "b beat a B+ (unknown margin)", "b final_score: B+3.5", "a final_score: B+2.5",
    ]  # fmt: skip


def test_a_void_game():
    root, *nodes = read(referee.Transcript(moves=MOVES[:1]), "a: ended").get_main_sequence()
    assert root.get("RE") == "Void"
    assert nodes[-1].get("C") == "void: a: ended"


def test_a_game_without_moves():
    (root,) = read(referee.Transcript(), played(end=record.End.resign, result="B+R")).get_main_sequence()
    assert root.get("C").split("\n")[-1] == "b beat a B+R"


def test_handicap():
    fixture = schedule.Fixture(matchup(game=game_settings(board_size=9)), 1)
    transcript = referee.Transcript(stones=[20, 60], moves=[(rules.WHITE, 81)])
    root, node = read(transcript, played(), fixture).get_main_sequence()
    assert (root.get("HA"), root.get("AB"), root.get("PL")) == (2, {(2, 2), (6, 6)}, "w")
    assert node.get_move() == ("w", None)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "a beat b B+3.5"),
        ({"winner": "w", "result": "W+R"}, "b beat a W+R"),
        ({"winner": None, "result": "0"}, "a (b) vs b (w) jigo"),
        (
            {"winner": None, "result": "Void", "detail": "hit move limit"},
            "a (b) vs b (w) Void (hit move limit)",
        ),
        ({"detail": "forfeit by b: x", "result": "B+F"}, "a beat b B+F (forfeit by b: x)"),
    ],
)
def test_lines(changes, line):
    assert game_sgf.describe(msgspec.structs.replace(result(), **changes)) == line
