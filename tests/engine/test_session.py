"""Sessions with the engine: commands and their required answers.

The search is a fake; the real one has its own tests.
"""

import numpy as np
import pytest

from alphazero.config import game as game_config
from tests.engine.sessions import ask, fake_search, make_engine, play_through

SESSIONS = {
    "administration": """
        protocol_version -> = 2
        name -> = AlphaZero
        version -> = 1.2
        known_command play -> = true
        known_command PLAY -> = false
        known_command -> = false
        7 known_command lz-analyze -> =7 true
        known_command lz-dream -> = false
        gomill-describe_engine -> = AlphaZero 1.2|a fake
    """,
    "board size": """
        boardsize 9
        boardsize 1 -> ? unacceptable size
        boardsize 20 -> ? unacceptable size
        boardsize nine -> ? syntax error
        boardsize 99999999999999999999 -> ? syntax error
        boardsize -> ? syntax error
        play b J9
        boardsize 2
        all_legal b -> = A2 B2 A1 B1
    """,
    "komi": """
        get_komi -> = 7
        komi 6.5
        get_komi -> = 6.5
        clear_board
        get_komi -> = 6.5
        boardsize 7
        get_komi -> = 6.5
        komi nan -> ? unacceptable komi nan: must be a number from -400 to 400
        komi 1e999 -> ? unacceptable komi inf: must be a number from -400 to 400
        komi 400.1 -> ? unacceptable komi 400.1: must be a number from -400 to 400
        komi six -> ? syntax error
        komi 1e9 -> ? unacceptable komi 1e+09: must be a number from -400 to 400
        get_komi -> = 6.5
        komi -3
        final_score -> = B+3.0
        komi 0
        final_score -> = 0
    """,
    "mistakes in moves": """
        play b -> ? syntax error
        play c A1 -> ? syntax error
        play b A0 -> ? syntax error
        play b A6 -> ? syntax error
        play b I1 -> ? syntax error
        play b A1 w -> ? syntax error
        play b A1
        play w A1 -> ? illegal move
        genmove -> ? syntax error
        genmove red -> ? syntax error
        all_legal -> ? syntax error
    """,
    "history": """
        last_move -> ? no previous move known
        move_history -> =
        undo -> ? cannot undo
        play BLACK c3
        play White PASS
        last_move -> = white pass
        move_history -> = white pass|black C3
        undo
        last_move -> = black C3
        undo
        undo -> ? cannot undo
    """,
    "the same colour twice": """
        play b A1
        play b B1
        play b A2
        play w A5
        play w B2
        move_history -> = white B2|white A5|black A2|black B1|black A1
        undo
        last_move -> = white A5
        genmove w -> = C1
        genmove w -> = D1
        last_move -> = white D1
    """,
    "captures, suicide and superko": """
        boardsize 2
        play b A1
        play w B2
        play b A2
        play w A1 -> ? illegal move
        play w B1
        all_legal b -> = A2 A1
        play w A2
        all_legal b -> =
        play b A1 -> ? illegal move
        all_legal w -> =
    """,
    "after two passes the game may go on": """
        play b C3
        play w pass
        play b pass
        final_score -> = B+18.0
        all_legal w -> = A5 B5 C5 D5 E5 A4 B4 C4 D4 E4 A3 B3 D3 E3 A2 B2 C2 D2 E2 A1 B1 C1 D1 E1
        play w C3 -> ? illegal move
        play w C4
        undo
        play w pass
        play b pass
        genmove w -> = pass
        last_move -> = white pass
        undo
        undo
        undo
        undo
        undo
        last_move -> = black C3
    """,
    "generated moves": """
        genmove b -> = A1
        reg_genmove w -> = B1
        last_move -> = black A1
        genmove w -> = B1
        move_history -> = white B1|black A1
    """,
}


@pytest.mark.parametrize("name", SESSIONS)
def test_session(name):
    play_through(make_engine(), SESSIONS[name])


def test_suicide_is_legal_if_enabled():
    moves = "play w A3\nplay w B2\nplay b A1\nplay w B1\n"
    play_through(make_engine(), f"{moves}play b A2 -> ? illegal move\nlast_move -> = white B1")
    play_through(make_engine(suicide=True), f"{moves}play b A2\nplay w A1")


@pytest.mark.parametrize(("ko", "answer"), [("positional", "? illegal move"), ("simple", "=")])
def test_the_ko_rule_is_chosen_at_the_start(ko, answer):
    engine = make_engine(size=2, ko=game_config.Ko(ko))
    play_through(engine, "play b A1\nplay w A2\nplay b B1\nplay w B2\nplay b A1\nplay w B1")
    play_through(engine, f"play b A1 -> {answer}")
    assert ("positional superko" if ko == "positional" else "simple ko") in ask(engine, "printsgf")


def test_a_network_plays_its_size_only():
    engine = make_engine(size=9, sizes=[9])
    play_through(
        engine,
        "boardsize 13 -> ? unacceptable size\nboardsize 9\nplay b J9\nboardsize 5 -> ? unacceptable size",
    )
    assert ask(engine, "last_move") == "= black J9", "a refused size leaves the game alone"


def test_list_commands_is_what_known_command_knows():
    engine = make_engine()
    names = ask(engine, "list_commands").removeprefix("= ").split("\n")
    assert sorted(names) == sorted([*engine.commands, *engine.streams])
    assert names[0] == "protocol_version" and names[1:] == sorted(names[1:])
    assert all(ask(engine, f"known_command {name}") == "= true" for name in names)
    required = """protocol_version name version known_command list_commands quit fixed_handicap
        place_free_handicap set_free_handicap boardsize clear_board komi
        play genmove undo showboard final_score all_legal kata-raw-nn heatmap loadsgf printsgf reg_genmove
        time_settings time_left kgs-time_settings get_komi last_move move_history
        gomill-cpu_time gomill-describe_engine gomill-explain_last_move gomill-genmove_ex
        lz-analyze kata-analyze cgos-analyze lz-genmove_analyze kata-genmove_analyze cgos-genmove_analyze
        final_status_list gogui-analyze_commands clear_cache kgs-genmove_cleanup kgs-game_over
        kata-get-rules kata-set-rules set_position stop cputime lz-setoption
        alphazero-policy alphazero-ownership"""
    assert set(required.split()) == set(names)


def test_showboard_is_a_diagram_of_its_own_lines():
    engine = make_engine(size=3)
    play_through(engine, "play b B2\nplay w A3")
    assert ask(engine, "showboard").split("\n") == [
        "= ",
        "  3(O). .",
        "  2 . X .",
        "  1 . . .",
        "    A B C",
    ]


def test_resignation_leaves_the_board_alone():
    engine = make_engine(resign_threshold=-0.95)
    search = fake_search(engine)
    search.value = -0.95
    assert ask(engine, "genmove b") == "= A1"
    search.value = -0.96
    assert ask(engine, "genmove w") == "= resign"
    assert ask(engine, "last_move") == "= black A1"


def test_without_a_threshold_it_never_resigns():
    engine = make_engine()
    fake_search(engine).value = -1.0
    assert ask(engine, "genmove b") == "= A1"


def test_raw_evaluation_turns_the_value_to_white():
    engine = make_engine(size=2)
    words = ask(engine, "kata-raw-nn 2").split()
    assert words[:5] == ["=", "symmetry", "2", "whiteWin", "0.600000000"], "Black to move, value -0.2"
    ask(engine, "play b A1")
    words = ask(engine, "kata-raw-nn 2").split()
    assert words[3:7] == ["whiteWin", "0.750000000", "whiteLoss", "0.250000000"], "White to move, value 0.5"
    start = words.index("policy") + 1
    # Weights 1 to 4 for A1 B1 A2 B2 and 5 + 2 for the pass; the top row comes first, A1 is taken.
    assert words[start : start + 6] == [
        f"{3 / 17:.9f}",
        f"{4 / 17:.9f}",
        "NAN",
        f"{2 / 17:.9f}",
        "policyPass",
        f"{7 / 17:.9f}",
    ]
    assert ask(engine, "kata-raw-nn all").count("symmetry") == 8
    assert ask(engine, "kata-raw-nn").startswith("?")


def test_heatmap_of_one_symmetry_of_all_and_of_their_mean(capfd):
    engine = make_engine(size=2)
    expected = "= \n187 250\n 62 125\npass: 375\nwinrate: 0.450000"
    assert ask(engine, "heatmap 1") == expected
    assert capfd.readouterr().err.split() == expected.split()[1:], "Leela Zero prints it to stderr"
    assert ask(engine, "heatmap") == ask(engine, "heatmap 0") != expected
    assert ask(engine, "heatmap all").count("winrate") == 8
    mean = np.mean([(5 + s) / (15 + s) for s in range(8)])
    assert f"pass: {int(1000 * mean)}\nwinrate: 0.325000" in ask(engine, "heatmap average")
    assert ask(engine, "heatmap 8") == ask(engine, "heatmap x") == "? syntax error"


def test_sgf_there_and_back(tmp_path):
    engine = make_engine()
    play_through(engine, "komi 5.5\nplay b C3\nplay w D2\nplay b pass\nplay b A1")
    path = tmp_path / "game.sgf"
    text = ask(engine, "printsgf")
    assert text.startswith("= (;")
    assert "RU[Tromp-Taylor]" in text
    ask(engine, f"printsgf {path}")
    other = make_engine(size=9)
    assert ask(other, f"loadsgf {path}") == "= "
    assert ask(other, "showboard") == ask(engine, "showboard")
    assert ask(other, "move_history") == ask(engine, "move_history")
    assert ask(other, "get_komi") == "= 5.5"
    ask(other, f"loadsgf {path} 3")
    assert ask(other, "move_history") == "= white D2\nblack C3", "up to, and not including, move 3"


@pytest.mark.parametrize(
    ("text", "komi", "message"),
    [
        ("7.5", "7.5", ""),
        ("375", "7.5", ""),
        ("7.3", "7.5", "KM is 7.3: the game has komi 7.5\n"),
        ("?", "5.5", "KM is not a number: the game has komi 5.5\n"),
        ("90000", "5.5", "KM is 900: the game has komi 5.5\n"),
    ],
)
def test_komi_of_a_file_is_played_as_it_can_be(tmp_path, capsys, text, komi, message):
    engine = make_engine(size=9)
    ask(engine, "komi 5.5")
    (tmp_path / "a.sgf").write_text(f"(;SZ[9]KM[{text}];B[ee])")
    assert ask(engine, f"loadsgf {tmp_path / 'a.sgf'}") == "= "
    assert ask(engine, "get_komi") == f"= {komi}"
    assert capsys.readouterr().err == message


def test_files_that_cannot_be_loaded_leave_the_game_alone(tmp_path):
    engine = make_engine(size=5, sizes=[5])
    ask(engine, "play b A1")
    broken, large, illegal = (tmp_path / name for name in ("broken.sgf", "large.sgf", "illegal.sgf"))
    broken.write_text("no game")
    large.write_text("(;SZ[9];B[aa])")
    illegal.write_text("(;SZ[5];B[aa];W[aa])")
    for path in (broken, large, illegal, tmp_path / "absent.sgf"):
        answer = ask(engine, f"loadsgf {path}")
        assert answer.startswith("? cannot load file: "), path
        assert "\n" not in answer
    assert "unacceptable size 9" in ask(engine, f"loadsgf {large}")
    assert ask(engine, "loadsgf") == ask(engine, f"loadsgf {broken} 0") == "? syntax error"
    assert ask(engine, f"printsgf {tmp_path}/absent/game.sgf").startswith("? cannot write file")
    assert ask(engine, "last_move") == "= black A1"


@pytest.mark.parametrize(
    ("text", "komi"),
    [
        ("3.75", "3.5"),  # a tie: 4 would allow a draw
        ("3.25", "3.5"),
        ("-3.75", "-3.5"),
        ("7.3", "7.5"),
        ("7.01", "7"),
        ("-0.2", "0"),
        ("399.9", "400"),
    ],
)
def test_komi_is_rounded_to_a_half_with_a_message(text, komi, capfd):
    engine = make_engine()
    assert ask(engine, f"komi {text}") == "= "
    assert ask(engine, "get_komi") == f"= {komi}"
    assert capfd.readouterr().err == f"komi {text} is rounded to {komi}: it must be a multiple of 0.5\n"
    ask(engine, "komi 6.5")
    assert capfd.readouterr().err == ""


def test_a_pass_among_stones_is_refused_with_the_reason():
    engine = make_engine()
    ask(engine, "play b C3")
    assert "cannot set up a pass" in ask(engine, "set_position b A1 w pass b B2")
    assert ask(engine, "last_move") == "= black C3", "the game is unchanged"
