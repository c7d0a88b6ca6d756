"""Time management of a GTP engine: the time left to each colour, and its share for one move."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from alphazero.go import rules

LEAST_S = 0.01
"""Least time of a move, even on a clock that has run out."""


class TimeLimits(NamedTuple):
    """Time of a game for each colour: main time, then periods with a number of stones to play in each.

    Japanese byo-yomi has one stone a period. Its further periods are a reserve that is not planned for.
    """

    main_s: float
    period_s: float  # of overtime
    stones: int  # in a period; 0 for no overtime


class MoveTime:
    """Time budget of one move. A search checks it after each step."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        """seconds: from now on, infinite for no limit. now: a monotonic clock in seconds."""
        self.seconds = seconds
        self._now = now
        self._began = now()
        self._num_steps = 0

    def elapsed(self) -> float:
        """Seconds since construction."""
        return self._now() - self._began

    def is_spent(self) -> bool:
        """Whether another step would end too late.

        Call this once a step: the mean time of the steps so far is the estimate for the next one.
        """
        self._num_steps += 1
        return self.elapsed() * (1 + 1 / self._num_steps) > self.seconds


@dataclass(slots=True)
class _Side:
    """Time left to one colour. The period is full while main time lasts."""

    main_s: float
    period_s: float
    stones: int


class Clock:
    """Both colours' clocks. The engine measures its own moves; the controller may correct the result."""

    def __init__(self, lag_s: float, most_s: float, now: Callable[[], float]) -> None:
        """lag_s: time of a move on its way to the controller's clock. most_s: upper limit of any move."""
        self.now = now
        """Returns the time in seconds since an arbitrary moment."""
        self._lag_s = lag_s
        self._most_s = most_s
        self._limits: TimeLimits | None = None
        self._sides: dict[int, _Side] = {}

    def set(self, limits: TimeLimits | None) -> None:
        """Restarts both clocks; None for no limit but that of a move."""
        self._limits = limits
        self.reset()

    def reset(self) -> None:
        """Restarts both clocks for a new game with the same limits."""
        if self._limits is not None:
            self._sides = {color: _Side(*self._limits) for color in (rules.BLACK, rules.WHITE)}

    def correct(self, color: int, seconds: float, count: int) -> None:
        """Sets a clock to the controller's: main time if `count` is 0, else a period and its stones.

        In Japanese byo-yomi KGS sends the number of periods as `count`. A period is never longer than the
        limits allow. Without limits the call has no effect.
        """
        if self._limits is None:
            return
        stones = min(count, self._limits.stones)
        if stones:
            self._sides[color] = _Side(0.0, min(seconds, self._limits.period_s), stones)
        else:
            self._sides[color] = self._limits_left(seconds)

    def _limits_left(self, main_s: float) -> _Side:
        assert self._limits is not None
        return _Side(*self._limits._replace(main_s=main_s))

    def start(self, color: int, num_points: int, num_moves: int) -> MoveTime:
        """Returns the time for a move of this colour, after `num_moves` on a board of `num_points`."""
        seconds = self._most_s
        if self._limits is not None:
            share = _share(self._sides[color], moves_expected(num_points, num_moves))
            seconds = min(seconds, max(LEAST_S, share - self._lag_s))
        return MoveTime(seconds, self.now)

    def charge(self, color: int, seconds: float) -> None:
        """Subtracts the time of a move, and the lag, from the colour's clock."""
        if self._limits is None:
            return
        side = self._sides[color]
        overtime_s = seconds + self._lag_s - side.main_s
        side.main_s = max(0.0, -overtime_s)
        if overtime_s <= 0 or not side.stones:
            return
        side.period_s = max(0.0, side.period_s - overtime_s)
        side.stones -= 1
        if not side.stones:
            self._sides[color] = self._limits_left(0.0)


def moves_expected(num_points: int, num_moves: int) -> int:
    """Number of own moves that share the main time, after `num_moves` of both colours.

    A fifth of the points, as in Leela Zero (TimeControl.cpp). This is not the expected length of a game:
    with a constant, each move gets a fixed share of the remaining time, which never runs out. The number
    is up to twice as large in the opening, where time is worth less (Huang, Coulom, Lin, "Time management
    for Monte-Carlo tree search applied to the game of Go", 2010).
    """
    fifth = max(1, num_points // 5)
    return fifth + max(0, fifth - num_moves)


def _share(side: _Side, num_moves: int) -> float:
    """Seconds for one of `num_moves`: a share of main time, plus one of overtime, which renews itself."""
    overtime = side.period_s / side.stones if side.stones else 0.0
    return side.main_s / num_moves + overtime
