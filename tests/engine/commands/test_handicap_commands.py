"""Handicap and set-up stones in GTP: their points, refused commands, and files."""

import pytest

from alphazero.go import rules
from tests.engine.sessions import ask, make_engine, play_through

SESSIONS = {
    "fixed handicap": """
        fixed_handicap 2 -> ? invalid number of stones
        boardsize 9
        fixed_handicap -> ? syntax error
        fixed_handicap 1 -> ? invalid number of stones
        fixed_handicap 10 -> ? invalid number of stones
        fixed_handicap 3 -> = C3 G7 C7
        fixed_handicap 2 -> ? board not empty
        undo -> ? cannot undo
        play b C3 -> ? illegal move
        genmove w -> = A1
        undo
        clear_board
        play b pass
        fixed_handicap 2 -> ? board not empty
        boardsize 8
        fixed_handicap 5 -> ? invalid number of stones
        fixed_handicap 4 -> = C3 F6 C6 F3
        boardsize 19
        fixed_handicap 9 -> = D4 Q16 D16 Q4 D10 Q10 K4 K16 K10
        boardsize 13
        fixed_handicap 5 -> = D4 K10 D10 K4 G7
        boardsize 13
        fixed_handicap 8 -> = D4 K10 D10 K4 D7 K7 G4 G10
    """,
    "free handicap": """
        place_free_handicap 2 -> ? invalid number of stones
        set_free_handicap B2 -> ? bad vertex list
        set_free_handicap B2 B2 -> ? bad vertex list
        set_free_handicap B2 pass -> ? bad vertex list
        set_free_handicap B2 Z9 -> ? syntax error
        set_free_handicap B2 d4 A1
        set_free_handicap B2 D4 -> ? board not empty
        all_legal w -> = A5 B5 C5 D5 E5 A4 B4 C4 E4 A3 B3 C3 D3 E3 A2 C2 D2 E2 B1 C1 D1 E1
        play w A2
        undo
        all_legal b -> = A5 B5 C5 D5 E5 A4 B4 C4 E4 A3 B3 C3 D3 E3 A2 C2 D2 E2 B1 C1 D1 E1
        boardsize 9
        place_free_handicap 20 -> = C3 G7 C7 G3 C5 G5 E3 E7 E5
        clear_board
        place_free_handicap 2 -> = C3 G7
    """,
}


@pytest.mark.parametrize("name", SESSIONS)
def test_session(name):
    play_through(make_engine(), SESSIONS[name])


@pytest.mark.parametrize("command", ["fixed_handicap 2", "place_free_handicap 2", "set_free_handicap C3 G7"])
def test_white_moves_first(command):
    engine = make_engine(size=9)
    assert ask(engine, command).startswith("=")
    assert engine.state.game.to_play == rules.WHITE


def test_a_handicap_is_written_and_loaded(tmp_path):
    engine, other = make_engine(size=9), make_engine()
    play_through(engine, "fixed_handicap 2 -> = C3 G7\nplay w E5\nplay b A1")
    path = tmp_path / "game.sgf"
    ask(engine, f"printsgf {path}")
    assert b"AB[cg][gc]" in path.read_bytes()
    assert b"HA[2]" in path.read_bytes()
    assert b"PL[W]" in path.read_bytes()
    assert ask(other, f"loadsgf {path}") == "= "
    assert ask(other, "showboard") == ask(engine, "showboard")
    assert ask(other, "undo") == ask(other, "undo") == "= "
    assert ask(other, "undo") == "? cannot undo"
    assert ask(other, "printsgf").count("PL[W]") == 1


def test_setup_stones_are_loaded(tmp_path):
    path = tmp_path / "handicap.sgf"
    path.write_text("(;SZ[5]AB[aa][ee]AW[cc];W[bb])")
    engine = make_engine()
    ask(engine, f"loadsgf {path}")
    assert ask(engine, "showboard").split("\n")[1:6] == [
        "  5 X . . . .",
        "  4 .(O). . .",
        "  3 . . O . .",
        "  2 . . . . .",
        "  1 . . . . X",
    ]
