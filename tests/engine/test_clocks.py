"""The engine's clock, compared with times computed by hand. The tests set the current time."""

import math

import pytest

from alphazero.engine import clocks
from alphazero.go import rules

POINTS_9 = 81
LATE = 40
"""Number of moves after which the number of expected moves is constant: 16 on 9x9."""


class FakeTime:
    """Clock that the test sets."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def make_clock(main_s, period_s=0, stones=0, lag_s=0.0, most_s=math.inf):
    clock = clocks.Clock(lag_s, most_s, FakeTime())
    clock.set(clocks.TimeLimits(main_s, period_s, stones))
    return clock


def budget_s(clock, color=rules.BLACK, num_moves=LATE):
    return clock.start(color, POINTS_9, num_moves).seconds


@pytest.mark.parametrize(
    ("num_points", "num_moves", "expected"),
    [(81, 0, 32), (81, 10, 22), (81, 16, 16), (81, 400, 16), (361, 0, 144), (361, 100, 72), (4, 0, 2)],
)
def test_moves_expected(num_points, num_moves, expected):
    assert clocks.moves_expected(num_points, num_moves) == expected


SHARES = [
    ("absolute", {"main_s": 160}, 10.0),
    ("less in the opening", {"main_s": 160, "num_moves": 0}, 5.0),
    ("the lag is subtracted", {"main_s": 160, "lag_s": 0.5}, 9.5),
    ("Canadian, in main time", {"main_s": 160, "period_s": 60, "stones": 20}, 13.0),
    ("Canadian, without main time", {"main_s": 0, "period_s": 60, "stones": 20}, 3.0),
    ("Japanese", {"main_s": 0, "period_s": 30, "stones": 1, "lag_s": 1.0}, 29.0),
    ("a limit of the user's", {"main_s": 160, "most_s": 2.5}, 2.5),
    ("nothing is left", {"main_s": 0}, clocks.LEAST_S),
    ("less than the lag is left", {"main_s": 3, "lag_s": 1.0}, clocks.LEAST_S),
]


@pytest.mark.parametrize(("limits", "expected"), [case[1:] for case in SHARES], ids=[c[0] for c in SHARES])
def test_share_of_a_move(limits, expected):
    num_moves = limits.pop("num_moves", LATE) if "num_moves" in limits else LATE
    assert budget_s(make_clock(**limits), num_moves=num_moves) == pytest.approx(expected)


def test_each_colour_has_its_own_clock():
    clock = make_clock(160)
    clock.charge(rules.BLACK, 80)
    assert budget_s(clock) == pytest.approx(5)
    assert budget_s(clock, rules.WHITE) == pytest.approx(10)


def test_a_lag_counts_as_time_until_the_controller_says_otherwise():
    clock = make_clock(160, lag_s=1)
    clock.charge(rules.BLACK, 31)
    assert budget_s(clock) == pytest.approx(128 / 16 - 1)
    clock.correct(rules.BLACK, 129, 0)
    assert budget_s(clock) == pytest.approx(129 / 16 - 1)


def test_main_time_ends_in_the_middle_of_a_move():
    clock = make_clock(10, period_s=60, stones=3)
    clock.charge(rules.BLACK, 30)
    assert budget_s(clock) == pytest.approx((60 - 20) / 2), "the move was the period's first stone"


def test_a_period_is_full_again_after_its_last_stone():
    clock = make_clock(0, period_s=60, stones=3)
    budgets = []
    for _ in range(4):
        budgets.append(budget_s(clock))
        clock.charge(rules.BLACK, 15)
    assert budgets == pytest.approx([20, 22.5, 30, 20])


def test_a_move_that_took_too_long_leaves_the_rest_of_its_period_without_time():
    clock = make_clock(0, period_s=60, stones=3)
    clock.charge(rules.BLACK, 70)
    assert budget_s(clock) == clocks.LEAST_S


def test_the_controller_corrects_the_clock():
    clock = make_clock(300, period_s=60, stones=20)
    clock.correct(rules.BLACK, 45, 9)
    assert budget_s(clock) == pytest.approx(5), "in overtime"
    clock.correct(rules.BLACK, 160, 0)
    assert budget_s(clock) == pytest.approx(10 + 3), "in main time, with all of the overtime"
    clock.correct(rules.BLACK, 0, 0)
    assert budget_s(clock) == pytest.approx(3), "some controllers send this when overtime begins"


def test_in_japanese_byo_yomi_the_controller_counts_periods():
    clock = make_clock(300, period_s=30, stones=1)
    clock.correct(rules.WHITE, 30, 5)
    for _ in range(3):
        assert budget_s(clock, rules.WHITE) == pytest.approx(30)
        clock.charge(rules.WHITE, 29)


def test_stones_mean_nothing_without_overtime():
    clock = make_clock(300)
    clock.correct(rules.BLACK, 32, 5)
    assert budget_s(clock) == pytest.approx(2)


def test_without_limits_a_move_may_take_forever():
    clock = clocks.Clock(1.0, math.inf, FakeTime())
    clock.correct(rules.BLACK, 1, 0)
    clock.charge(rules.BLACK, 100)
    clock.reset()
    assert budget_s(clock) == math.inf
    clock.set(clocks.TimeLimits(16, 0, 0))
    assert budget_s(clock) == clocks.LEAST_S
    clock.set(None)
    assert budget_s(clock) == math.inf


def test_a_new_game_begins_with_full_clocks():
    clock = make_clock(160)
    clock.charge(rules.BLACK, 100)
    clock.reset()
    assert budget_s(clock) == pytest.approx(10)


@pytest.mark.parametrize("lag_s", [0.0, 0.5])
@pytest.mark.parametrize("limits", [(60, 0, 0), (60, 30, 10), (0, 5, 1), (1, 30, 25)])
def test_a_player_that_uses_its_budgets_never_runs_out(limits, lag_s):
    """A referee's clock, which includes the lag, is kept apart from the engine's clock."""
    clock = make_clock(*limits, lag_s=lag_s)
    main_s, period_s, stones = limits
    left, to_play = period_s, stones
    for ply in range(0, 400, 2):
        seconds = budget_s(clock, num_moves=ply)
        if seconds == clocks.LEAST_S:
            break
        clock.charge(rules.BLACK, seconds)
        over = seconds + lag_s - main_s
        main_s = max(0.0, -over)
        if over > 0:
            left, to_play = left - over, to_play - 1
            assert left >= -1e-9
            if to_play == 0:
                left, to_play = period_s, stones
    assert stones == 0 or ply == 398, "overtime never ends"
    assert ply > 60


def test_a_budget_is_spent_when_another_step_would_not_fit():
    now = FakeTime()
    budget = clocks.MoveTime(10.0, now)
    answers = []
    for _ in range(5):
        now.seconds += 2.0
        answers.append(budget.is_spent())
    assert answers == [False, False, False, False, True]
    assert budget.elapsed() == 10.0
