"""How long a GTP engine may think: what is left on each colour's clock, and the share of it for one move."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from alphazero.go import rules

LEAST_S = 0.01
"""Every move gets this much, even on a clock that has run out."""


class Limits(NamedTuple):
    """Time of a game for each colour: main time, then periods with so many stones to play in each.

    Japanese byo-yomi is one stone a period; the periods that may be lost are a reserve, not planned with.
    """

    main_s: float
    period_s: float  # of overtime
    stones: int  # in a period; 0 for no overtime


class Budget:
    """The time of one move, as a search that asks after each of its steps sees it."""

    def __init__(self, seconds: float, now: Callable[[], float]) -> None:
        """seconds: from now on, infinite for no limit. now: a clock in seconds that never goes back."""
        self.seconds = seconds
        self._now = now
        self._began = now()
        self._num_steps = 0

    def elapsed(self) -> float:
        """Seconds since it was made."""
        return self._now() - self._began

    def is_spent(self) -> bool:
        """Whether another step would end too late; to be asked once a step, whose mean is what one takes."""
        self._num_steps += 1
        return self.elapsed() * (1 + 1 / self._num_steps) > self.seconds


@dataclass(slots=True)
class _Side:
    """What is left to one colour; the period is full while main time lasts."""

    main_s: float
    period_s: float
    stones: int


class Clock:
    """Both colours' clocks: the engine measures its own moves, and its controller may know better."""

    def __init__(self, lag_s: float, most_s: float, now: Callable[[], float]) -> None:
        """lag_s: what a move takes on its way to the controller's clock. most_s: for a move, in any case."""
        self.now = now
        """What time it is, in seconds from some moment on."""
        self._lag_s = lag_s
        self._most_s = most_s
        self._limits: Limits | None = None
        self._sides: dict[int, _Side] = {}

    def set(self, limits: Limits | None) -> None:
        """Starts both clocks afresh; None for as long as a move may take."""
        self._limits = limits
        self.reset()

    def reset(self) -> None:
        """A new game begins with the same limits."""
        if self._limits is not None:
            self._sides = {color: _Side(*self._limits) for color in (rules.BLACK, rules.WHITE)}

    def correct(self, color: int, seconds: float, count: int) -> None:
        """What the controller's clock shows: main time if `count` is 0, else a period and its stones.

        In Japanese byo-yomi `count` are periods, as KGS sends them. A period is never longer than the limits
        say. Nothing happens without limits.
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

    def start(self, color: int, num_points: int, num_moves: int) -> Budget:
        """The time for a move of this colour after `num_moves` of the game on a board of `num_points`."""
        seconds = self._most_s
        if self._limits is not None:
            share = _share(self._sides[color], moves_expected(num_points, num_moves))
            seconds = min(seconds, max(LEAST_S, share - self._lag_s))
        return Budget(seconds, self.now)

    def charge(self, color: int, seconds: float) -> None:
        """Takes a move that was thought about for so long off the colour's clock, with the lag."""
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
    """Own moves among which main time is shared out, after `num_moves` of both colours.

    A fifth of the points, as in Leela Zero (TimeControl.cpp): not what a game takes, but a constant spends
    a falling part of what is left and never all of it. Openings are worth less thought, so that at first
    there are up to twice as many (Huang, Coulom, Lin, "Time management for Monte-Carlo tree search
    applied to the game of Go", 2010).
    """
    fifth = max(1, num_points // 5)
    return fifth + max(0, fifth - num_moves)


def _share(side: _Side, num_moves: int) -> float:
    """Seconds for one of `num_moves`: overtime comes again, and so is had beside main time's share."""
    overtime = side.period_s / side.stones if side.stones else 0.0
    return side.main_s / num_moves + overtime
