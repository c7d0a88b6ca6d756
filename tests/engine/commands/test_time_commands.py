"""Commands for time control, and an engine with a slow network on a clock that only the network advances."""

import math

import pytest

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.engine import clocks, engine_search
from alphazero.search import selection
from tests.engine.sessions import ask, make_engine, play_through
from tests.engine.test_clocks import FakeTime

SIZE = 5
NUM_SIMULATIONS = 64
STEP_S = 1.0

SESSION = """
    time_settings 300 0 0
    time_settings 300 60 25
    time_settings 0 1 0
    time_settings 0 30 -> ? syntax error
    time_settings 0 30 1 1 -> ? syntax error
    time_settings -1 0 0
    time_settings 10.5 0 0
    time_settings - 0 0 -> ? syntax error
    time_settings nan 0 0 -> ? syntax error
    time_settings 1e3 0 0 -> ? syntax error
    kgs-time_settings none
    kgs-time_settings absolute 300
    kgs-time_settings byoyomi 300 30 5
    kgs-time_settings canadian 300 300 25
    kgs-time_settings -> ? syntax error
    kgs-time_settings none 0 -> ? syntax error
    kgs-time_settings absolute -> ? syntax error
    kgs-time_settings byoyomi 300 30 -> ? syntax error
    kgs-time_settings canadian 300 300 many -> ? syntax error
    kgs-time_settings fischer 300 10 -> ? syntax error
    kgs-time_settings canadian -5 -30 -1
    time_left b 300 0
    time_left b -2.5 0
    time_left w -1 -1
    time_left w 1.5 2.5 -> ? syntax error
    time_left White 30 5
    time_left x 300 0 -> ? syntax error
    time_left b 300 -> ? syntax error
    time_left b soon 0 -> ? syntax error
"""


def test_commands_and_mistakes_in_them():
    play_through(make_engine(), SESSION)


class Slow(evaluators.HashedEvaluator):
    """Evaluator that advances its own clock by STEP_S for a batch."""

    def __init__(self):
        super().__init__(SIZE)
        self.now = FakeTime()

    def evaluate(self, inputs):
        self.now.seconds += STEP_S
        return super().evaluate(inputs)


def make_slow_engine(algorithm=search_config.Algorithm.puct, lag_s=0.0, most_s=math.inf):
    """Returns an engine and its clock in seconds, which only the network advances."""
    slow = Slow()
    config = search_config.SearchConfig(algorithm=algorithm, num_simulations=NUM_SIMULATIONS)
    engine = make_engine(
        make_search=lambda size: engine_search.EngineSearch(size, config, slow, lambda: slow),
        clock=clocks.Clock(lag_s, most_s, slow.now),
    )
    return engine, slow.now


def seconds_of(engine, now, command="genmove b"):
    began = now()
    move = ask(engine, command)
    assert move.startswith("= ") and move != "= resign"
    return now() - began


@pytest.mark.parametrize(
    "commands",
    [
        ["time_settings 0 1 0"],
        ["kgs-time_settings none"],
        ["time_settings 1 0 0", "kgs-time_settings none"],
        ["time_left b 1 0"],
        ["time_settings 100000 0 0"],
    ],
)
def test_without_a_limit_or_with_plenty_of_time_nothing_changes(commands):
    (free, free_now), (engine, now) = make_slow_engine(), make_slow_engine()
    for command in commands:
        ask(engine, command)
    for color in "bwb":
        assert seconds_of(engine, now, f"genmove {color}") == seconds_of(free, free_now, f"genmove {color}")
    assert now() - FakeTime()() > NUM_SIMULATIONS
    assert ask(engine, "move_history") == ask(free, "move_history")


BUDGETS = [
    (["time_settings 200 0 0"], 20.0),  # 25 points: ten moves expected
    (["time_settings 0 60 5"], 12.0),
    (["time_settings 200 60 5"], 32.0),
    (["kgs-time_settings absolute 200"], 20.0),
    (["kgs-time_settings byoyomi 0 30 5"], 30.0),
    (["kgs-time_settings canadian 0 60 5"], 12.0),
    (["kgs-time_settings canadian 200 60 0"], 20.0),
    (["time_settings 200 0 0", "time_left b 100 0"], 10.0),
    (["time_settings 200 0 0", "time_left w 100 0"], 20.0),
    (["kgs-time_settings byoyomi 300 30 5", "time_left b 20 2"], 20.0),
    (["time_settings 200 0 0", "time_settings 0 30"], 20.0),  # a mistake changes nothing
    (["time_settings 200 0 0", "time_left b soon 0"], 20.0),
    (["kgs-time_settings canadian 200 -60 5"], 20.0),
    (["kgs-time_settings canadian -1 60 5"], 12.0),
    (["kgs-time_settings canadian 200 60 -5"], 20.0),
    (["time_settings 200 60 -5"], 20.0),
    (["time_settings 0 60 5", "time_left b 600 5"], 12.0),  # trusted up to the period
    (["time_settings 0 60 5", "time_left b 600 50"], 12.0),
    (["time_settings 0 60 5", "time_left b 30 50"], 6.0),
    (["time_settings 200 60 5", "time_left b -7 0"], 12.0),
]


@pytest.mark.parametrize(("commands", "expected"), BUDGETS)
def test_a_move_ends_within_its_budget(commands, expected):
    engine, now = make_slow_engine()
    for command in commands:
        ask(engine, command)
    seconds = seconds_of(engine, now)
    assert expected - 2 * STEP_S < seconds <= expected


NO_TIME = [
    ["kgs-time_settings canadian -300 -30 -25"],
    ["kgs-time_settings canadian 0 0 0"],
    ["kgs-time_settings canadian 0 30 0"],
    ["kgs-time_settings absolute -1"],
    ["kgs-time_settings byoyomi 0 -30 5"],
    ["time_settings -1 -1 -1"],
    ["time_settings 0 60 -1"],
    ["time_settings 300 0 0", "time_left b -1 0"],
    ["time_settings 300 60 5", "time_left b -1 5"],
    ["kgs-time_settings canadian 0 0 25", "time_left b -30 25"],
]


@pytest.mark.parametrize("commands", NO_TIME)
def test_a_clock_that_has_run_out_is_still_a_clock(commands):
    engine, now = make_slow_engine()
    for command in commands:
        assert ask(engine, command) == "= "
    assert seconds_of(engine, now) == 2 * STEP_S, "the root and one step"


@pytest.mark.parametrize("algorithm", selection.PREPARE)
def test_a_move_without_time_is_the_best_of_the_first_step(algorithm):
    engine, now = make_slow_engine(algorithm)
    ask(engine, "time_settings 0 0 0")
    assert seconds_of(engine, now) == 2 * STEP_S
    assert seconds_of(engine, now, "genmove w") <= 2 * STEP_S
    assert len(ask(engine, "move_history").split("\n")) == 2


def test_the_engine_keeps_its_own_clock_for_each_colour():
    engine, now = make_slow_engine()
    ask(engine, "time_settings 300 0 0")
    total = sum(seconds_of(engine, now) for _ in range(8))
    assert 150 < total <= 300
    assert seconds_of(engine, now, "genmove w") > 40, "five moves are expected after the opening"


def test_a_new_game_and_a_new_board_wind_the_clocks_up():
    for command in ("clear_board", f"boardsize {SIZE}"):
        engine, now = make_slow_engine()
        ask(engine, "time_settings 200 0 0")
        first = seconds_of(engine, now)
        ask(engine, command)
        assert abs(seconds_of(engine, now) - first) <= STEP_S


def test_a_regression_move_costs_nothing():
    engine, now = make_slow_engine()
    ask(engine, "time_settings 200 0 0")
    for _ in range(10):
        ask(engine, "reg_genmove b")
    ask(engine, "komi 6.5")  # so that the tree cannot be reused
    assert seconds_of(engine, now) > 18


def test_a_user_s_limit_holds_with_and_without_a_clock():
    engine, now = make_slow_engine(most_s=8.0, lag_s=3.0)
    assert 6 <= seconds_of(engine, now) <= 8
    ask(engine, "time_settings 5000 0 0")
    assert 6 <= seconds_of(engine, now, "genmove w") <= 8
