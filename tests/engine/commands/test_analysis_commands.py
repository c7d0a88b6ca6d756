"""Analyses from the controller's side: their lines, their times and their ends. The search is a fake."""

import json
import math

import numpy as np
import pytest

from alphazero.engine import clocks
from alphazero.engine.commands import analysis_commands, reports
from alphazero.go import rules
from alphazero.search import inspection
from tests.engine.sessions import FakeSearch, ask, fake_search, make_engine, talk
from tests.engine.test_clocks import FakeTime

LEELA = (
    "info move A1 visits 6 winrate 7500 prior 1250 lcb 3750 order 0 pv A1 D2"
    " info move B1 visits 4 winrate 2500 prior 1250 lcb 3750 order 1 pv B1 C2"
)
KATA = (
    "info move A1 visits 6 utility 0.500000 winrate 0.750000 prior 0.125000"
    " lcb 0.375000 utilityLcb -0.250000 order 0 pv A1 D2"
)


class Ticking(FakeTime):
    """Clock that advances by a tenth of a second at every call."""

    def __call__(self):
        self.seconds += 0.1
        return self.seconds


def make_ticking_engine(**options):
    return make_engine(clock=clocks.Clock(0.0, math.inf, Ticking()), **options)


def read_reports(text):
    """Returns the lines of the first answer in `text` without the mark. Its end must conform to GTP."""
    answer, end, _ = text.partition("\n\n")
    assert end and answer.startswith("=")
    return answer.split("\n")[1:]


def test_leela_zero_s_lines():
    text = talk(make_ticking_engine(), "7 lz-analyze 10", "8 name", patience=9)
    assert text.startswith(f"=7\n{LEELA}\n{LEELA}\n")
    assert text.endswith("\n\n=8 AlphaZero\n\n")


def test_katago_s_lines():
    first, *_ = read_reports(talk(make_ticking_engine(), "kata-analyze 10", patience=9))
    assert first.startswith(f"{KATA} info move B1 visits 4 ")
    assert "ownership" not in first and "score" not in first
    first, *_ = read_reports(
        talk(make_ticking_engine(), "kata-analyze 10 maxmoves 1 pvVisits true rootInfo true", patience=9)
    )
    assert first == (
        f"{KATA} pvVisits 6 3 rootInfo visits 10 utility 0.250000 winrate 0.625000 rawWinrate 0.250000"
    )


def test_nothing_is_minus_zero():
    move = inspection.RootMove(0, 1, -0.0, -1e-9, 0.5, (0,), (1,))
    line = reports.kata([move], 9, ownership=np.full(81, -1e-9))
    assert "utility 0.000000" in line and "-0.000000" not in line


def test_cgos_s_lines():
    first, *_ = read_reports(talk(make_ticking_engine(), "cgos-analyze w 10 maxmoves 1", patience=9))
    assert json.loads(first) == {
        "winrate": 0.625,
        "visits": 10,
        "moves": [{"move": "A1", "winrate": 0.75, "prior": 0.125, "pv": "D2", "visits": 6}],
    }


@pytest.mark.parametrize(("color", "corner"), [("b", "-1.000000"), ("w", "1.000000")])
def test_ownership_is_the_player_to_move_s_with_the_top_row_first(color, corner):
    engine = make_ticking_engine(size=3)
    ask(engine, "set_position w A3 b A1 b B1 b C1 b A2 b B2 b C2")
    lines = read_reports(talk(engine, f"kata-analyze {color} 10 ownership true", patience=100))
    owners = [line.split(" ownership ")[1].split() for line in lines if "ownership" in line]
    assert owners and all(len(owner) == 9 for owner in owners)
    assert owners[0][0] == corner
    assert owners[0][8] == ("1.000000" if color == "b" else "-1.000000"), "C1"
    assert owners[0][1] == "0.000000", "B3 is neutral, as stones of both colours touch it"
    assert "ownership" not in lines[0], "before the rollouts are over"
    analyses = [num_simulations for _, _, num_simulations in fake_search(engine).analyses]
    assert analyses[:2] == [32, 32], "a move of the rollouts after each"


def test_reports_keep_their_interval():
    for interval, num_steps, expected in ((100, 60, 6), (50, 60, 12), (1000, 60, 0)):
        lines = read_reports(
            talk(make_ticking_engine(), f"lz-analyze interval {interval}", patience=num_steps)
        )
        assert abs(len(lines) - expected) <= max(1, expected // 5)


def test_without_an_interval_a_report_comes_each_second():
    assert 4 <= len(read_reports(talk(make_ticking_engine(), "lz-analyze", patience=60))) <= 6


class Done(FakeSearch):
    """Search whose analyses end at once."""

    def analyse(self, position, limits):
        self._set_actions(position, limits)


def test_an_analysis_that_is_done_reports_once_and_waits(monkeypatch):
    naps = []
    monkeypatch.setattr(analysis_commands.time, "sleep", naps.append)
    engine = make_engine(make_search=Done)
    assert read_reports(talk(engine, "lz-analyze 10", patience=9)) == [LEELA]
    assert len(naps) > 2
    assert read_reports(talk(engine, "lz-analyze 10")) == [], "but not if input is already waiting"


ARGUMENTS = [
    ("", "A1 B1"),
    ("w 10", "A1 B1"),
    ("10 white", "A1 B1"),
    ("interval 10 b", "A1 B1"),
    ("minmoves 4", "A1 B1 C1 D1"),
    ("minmoves 4 maxmoves 3", "A1 B1 C1"),
    ("maxmoves 1", "A1"),
    ("minmoves 1", "A1 B1"),
    ("avoid b A1,C1 1", "B1 D1"),
    ("avoid w A1,C1 1", "A1 B1"),
    ("w avoid w A1,C1 50 avoid w B1 1", "D1 E1"),
    ("allow b d1,pass 1", "D1 pass"),
    ("allow B D1,E1,C3 1 avoid B E1,resign 1", "D1 C3"),
    ("minmoves 9 allow b c3 1 allow w e5 1", "C3"),
    ("avoid b pass,resign 1", "A1 B1"),
    ("ownership false movesOwnership true ownershipStdev true pvEdgeVisits true", "A1 B1"),
]


@pytest.mark.parametrize(("arguments", "moves"), ARGUMENTS)
def test_arguments(arguments, moves):
    text = talk(make_ticking_engine(), f"kata-analyze {arguments}", patience=40)
    assert " ".join(block.split()[1] for block in read_reports(text)[0].split("info ")[1:]) == moves


MISTAKES = """x|b x|1 x|1.5|-1|interval|interval x|minmoves|minmoves b|maxmoves -3|avoid|avoid b|avoid b A1
    avoid b A1 0|avoid x A1 1|avoid b A6 1|avoid b A1, 1|allow b A1;B1 1|ownership|ownership maybe
    pvVisits 1"""


@pytest.mark.parametrize("arguments", [word.strip() for word in MISTAKES.replace("\n", "|").split("|")])
@pytest.mark.parametrize("command", ["lz-analyze", "cgos-genmove_analyze"])
def test_mistakes(command, arguments):
    engine = make_engine()
    assert talk(engine, f"7 {command} {arguments}", patience=9) == "?7 syntax error\n\n"
    assert engine.state.game.moves == []


def test_a_restriction_that_leaves_nothing_is_refused():
    engine = make_engine()
    ask(engine, "play b C3")
    assert talk(engine, "kata-analyze allow w C3 1") == "? no legal move is allowed\n\n"


@pytest.mark.parametrize("style", ["lz", "kata", "cgos"])
def test_a_move_with_reports(style):
    engine = make_engine()
    line, move = read_reports(talk(engine, f"3 {style}-genmove_analyze w"))
    assert move == "play A1"
    assert line.startswith("{" if style == "cgos" else "info move A1 ")
    assert ask(engine, "last_move") == "= white A1"
    assert read_reports(talk(engine, f"{style}-genmove_analyze"))[-1] == "play B1"
    assert ask(engine, "last_move") == "= black B1", "the player to move"


def test_input_does_not_hurry_a_move():
    engine = make_ticking_engine()
    text = talk(engine, "lz-genmove_analyze b 10 minmoves 1", "name", patience=0)
    assert text.count("info move A1") == 4, "after each of three steps, and at the end"
    assert text.endswith("play A1\n\n= AlphaZero\n\n")


def test_a_move_may_be_forbidden_and_the_game_may_be_over():
    engine = make_engine()
    assert read_reports(talk(engine, "lz-genmove_analyze b avoid b A1 1"))[-1] == "play B1"
    talk(engine, "play b pass", "play w pass")
    assert read_reports(talk(engine, "kata-genmove_analyze b")) == ["play pass"]
    assert read_reports(talk(make_ticking_engine(), "play b pass", "play w pass")) == []


def test_resignation_is_a_move_with_reports_as_well():
    engine = make_engine(resign_threshold=-0.9)
    fake_search(engine).value = -0.95
    assert read_reports(talk(engine, "lz-genmove_analyze b"))[-1] == "play resign"
    assert engine.state.game.moves == []


def test_after_two_passes_an_analysis_is_about_going_on():
    engine = make_ticking_engine()
    talk(engine, "play b pass", "play w pass")
    assert read_reports(talk(engine, "lz-analyze 10", patience=9))[0] == LEELA
    assert engine.state.game.is_over, "the game itself is unchanged"


def test_the_raw_value_is_printed_to_stderr_as_in_leela_zero(capfd):
    engine = make_engine()
    talk(engine, "lz-analyze b", "", patience=9)
    assert capfd.readouterr().err == "NN eval=0.250000\n", "Black's, value -0.5"
    talk(engine, "lz-analyze w", "", patience=9)
    assert capfd.readouterr().err == "NN eval=0.750000\n"
    talk(engine, "kata-analyze b", "", patience=9)
    assert capfd.readouterr().err == ""


def test_the_last_move_is_explained():
    engine = make_engine()
    assert ask(engine, "gomill-explain_last_move") == "= "
    ask(engine, "genmove b")
    assert ask(engine, "gomill-explain_last_move").split("\n") == [
        "= A1: 75.0% to win after 6 of 10 visits, prior 12.5%",
        "position: 62.5%, network alone 25.0%",
        "expected: A1 D2",
    ]
    ask(engine, "clear_board")
    assert ask(engine, "gomill-explain_last_move") == "= "


def test_pondering_is_about_the_answer_to_a_generated_move():
    engine = make_engine(ponders=True)
    search = fake_search(engine)
    talk(engine, "genmove b", "time_left b 300 0", patience=4)
    assert [analysis[:2] for analysis in search.analyses] == [(1, rules.WHITE)] * 2
    search.analyses.clear()
    talk(engine, "play w E5", "name", "undo", patience=4)
    assert [analysis[:2] for analysis in search.analyses] == [(1, rules.WHITE)] * 2, "before, and when undone"
    search.analyses.clear()
    talk(engine, "clear_board", "play b A1", "name", patience=4)
    assert len(search.analyses) == 1, "none in a new game, even if it begins with the same move"


@pytest.mark.parametrize("command", ["stop", "kgs-game_over", "lz-setoption name pondering value false"])
def test_pondering_can_be_stopped(command):
    engine = make_engine(ponders=True)
    talk(engine, "genmove b", command, patience=4)
    fake_search(engine).analyses.clear()
    talk(engine, "name", patience=4)
    assert fake_search(engine).analyses == []


def test_pondering_is_off_by_default():
    engine = make_engine()
    talk(engine, "genmove b", patience=4)
    assert fake_search(engine).analyses == []
    talk(engine, "lz-setoption name Pondering value true", patience=4)
    assert len(fake_search(engine).analyses) == 1


def test_waiting_input_leaves_no_time_to_ponder():
    engine = make_engine(ponders=True)
    talk(engine, "genmove b", "genmove w", "genmove b")
    assert fake_search(engine).analyses == []
