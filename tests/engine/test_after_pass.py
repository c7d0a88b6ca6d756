"""Reports and moves of a real search in positions in which a pass ends the game."""

import json
import re

import pytest

from alphazero.engine import setup
from alphazero.engine.commands import analysis_commands
from tests.engine.sessions import ask, talk

VISITS = 200
ANALYSES = ["lz-analyze", "kata-analyze", "cgos-analyze"]
MOVES = ["lz-genmove_analyze", "kata-genmove_analyze", "cgos-genmove_analyze"]
LEAD = ["komi 0.5", "play b C3", "play w pass"]
"""Black leads on 5x5 and is to move: a pass ends the game and wins it."""
PATIENCE = 2 * VISITS // 8
"""Polls for input, one after each step of 8 simulations: enough for a complete analysis."""


@pytest.fixture(autouse=True)
def no_naps(monkeypatch):
    """Lets a finished analysis poll for input without delay."""
    monkeypatch.setattr(analysis_commands, "_POLL_S", 0)


def make_engine(size=5, visits=VISITS):
    return setup.make_engine(None, setup.EngineOptions(num_simulations=visits, size=size, leaf_batch=8))


def start(commands, size=5):
    engine = make_engine(size)
    for command in [f"lz-setoption name visits value {VISITS}", *commands]:
        assert ask(engine, command).startswith("="), command
    return engine


def lines(engine, command):
    text = talk(engine, command, patience=PATIENCE)
    assert text.startswith("=\n") and text.endswith("\n\n")
    return text.strip().split("\n")[1:]


def candidates(line):
    """Returns visits and win rate in [0, 1] by move, from a line of any style."""
    assert not re.search(r"\b(nan|inf|infinity)\b", line, re.IGNORECASE)
    if line.startswith("{"):
        report = json.loads(line)
        assert 0 <= report["winrate"] <= 1
        return {move["move"]: (move["visits"], move["winrate"]) for move in report["moves"]}
    found = {}
    for block in line.split("info ")[1:]:
        words = block.partition(" pv ")[0].split()
        fields = dict(zip(words[::2], words[1::2], strict=True))
        unit = 1 if "." in fields["winrate"] else 10_000
        for name in ("winrate", "lcb", "prior"):
            assert 0 <= float(fields[name]) / unit <= 1, name
        found[fields["move"]] = int(fields["visits"]), float(fields["winrate"]) / unit
    return found


@pytest.mark.parametrize("command", ANALYSES)
def test_all_moves_are_compared_when_a_pass_wins(command):
    found = candidates(lines(start(LEAD), f"{command} b 1")[-1])
    assert found.keys() >= {"A1", "B2", "E5", "pass"}
    assert all(visits > 0 for visits, _ in found.values())
    assert sum(visits for visits, _ in found.values()) >= VISITS
    assert found["pass"][1] == 1, "the game that ends is won"
    assert all(rate < 1 for move, (_, rate) in found.items() if move != "pass")


@pytest.mark.parametrize("command", MOVES)
def test_a_winning_pass_is_played_and_reported_with_its_alternatives(command):
    engine = start(LEAD)
    *reports, move = lines(engine, f"{command} b")
    assert move == "play pass"
    found = candidates(reports[-1])
    assert len(found) > 5 and found["pass"][1] == 1
    assert engine.state.game.is_over


@pytest.mark.parametrize("command", ["kata-analyze b 1", "kata-genmove_analyze b"])
def test_a_winning_pass_is_reported_however_few_the_visits(command):
    """All priors are equal, and the pass would come last of 25 moves."""
    engine = start([*LEAD, "lz-setoption name visits value 10"])
    reports = [line for line in lines(engine, command) if line.startswith("info")]
    found = candidates(reports[-1])
    assert found["pass"] == (1, 1.0) and len(found) > 1


@pytest.mark.parametrize("before", [None, "lz-analyze b 1", "kata-genmove_analyze b", "genmove b"])
def test_a_winning_pass_costs_no_search(before):
    """The tree of an earlier analysis does not change the move."""
    engine = start(LEAD)
    if before is not None:
        talk(engine, before, patience=PATIENCE)
    while len(engine.state.game.moves) > 2:
        ask(engine, "undo")
    assert ask(engine, "genmove b") == "= pass"
    assert ask(engine, "gomill-explain_last_move") == "= "


def test_a_pass_that_loses_is_reported_as_what_it_is():
    engine = start(["komi 60", "play b C3", "play w pass"])
    found = candidates(lines(engine, "kata-analyze b 1")[-1])
    assert found["pass"][1] == 0 and found["A1"][0] > 0


def test_the_move_after_an_opponent_s_pass_is_analysed_from_scratch():
    """In the tree of the previous move the pass ends the game."""
    engine = start(["komi 0.5", "play b C3", "genmove w", "undo"])
    talk(engine, "lz-analyze w 1", "play w pass", patience=PATIENCE)
    found = candidates(lines(engine, "lz-analyze b 1")[-1])
    assert len(found) > 5 and "pass" in found


def test_a_pass_that_is_forbidden_is_not_played():
    engine = start(LEAD)
    *reports, move = lines(engine, "lz-genmove_analyze b avoid b pass 1")
    assert move != "play pass" and "pass" not in candidates(reports[-1])
    found = candidates(lines(start(LEAD), "lz-analyze b 1 allow b A1,pass 1")[-1])
    assert found.keys() == {"A1", "pass"}


def test_a_report_has_a_move_with_visits():
    """An analysis that is stopped at once has no visits, so it has no report."""
    text = talk(start(LEAD), "lz-analyze b 1", patience=0)
    assert text == "=\n\n"


BOARDS = [
    ("an empty board", 2, []),
    ("after a pass, a draw", 2, ["komi 0", "play b pass"]),
    ("after two passes", 5, ["play b C3", "play w pass", "play b pass"]),
    ("after two passes, a draw", 2, ["komi 0", "play b pass", "play w pass"]),
    ("all the board is Black's", 2, ["komi 0", "set_position b A1 b B2"]),
    ("Black leads by all of it", 2, ["komi 0", "set_position b A1 b B2", "play b pass"]),
    ("an even board", 2, ["komi 4", "set_position b A1 b B2", "play w pass"]),
    ("suicide alone is left", 2, ["set_position b A1 b B1 b A2"]),
    ("White has no point to play", 3, ["set_position b A2 b B2 b C2 b B1 b B3", "play b pass"]),
    ("won by the largest komi", 2, ["komi -400", "play w pass"]),
    ("lost by the largest komi", 2, ["komi 400", "play w pass"]),
]


@pytest.mark.parametrize(("size", "commands"), [case[1:] for case in BOARDS], ids=[c[0] for c in BOARDS])
def test_every_position_has_candidates_and_finite_win_rates(size, commands):
    engine = start(commands, size)
    for command in ANALYSES:
        for color in "bw":
            for line in (found := lines(engine, f"{command} {color} 1 minmoves 30")):
                candidates(line)
            assert sum(visits for visits, _ in candidates(found[-1]).values()) >= VISITS
    for color in "bw":
        for command in MOVES:
            *reports, move = lines(engine, f"{command} {color} 1")
            assert move.startswith("play ")
            for line in reports:
                candidates(line)
            ask(engine, "undo")


def test_a_board_of_one_point_is_refused():
    assert ask(make_engine(), "boardsize 1") == "? unacceptable size"
