"""Requests to stop a run, by signals."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from enum import IntEnum


class Stop(IntEnum):
    """Level of a request to stop."""

    no = 0
    """Start more games."""
    after_games = 1
    """Start no more games and wait for those in progress."""
    at_once = 2
    """Abort games in progress; the next run plays them again."""


@contextlib.contextmanager
def on_signals() -> Iterator[Callable[[], Stop]]:
    """Yields a function that returns the level requested so far.

    One SIGINT requests `after_games`; a second one, SIGTERM or SIGHUP requests `at_once`.
    """
    level = 0

    def raise_level(number: int, frame: object) -> None:
        nonlocal level
        level += 1 if number == signal.SIGINT else 2

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, raise_level) for number in numbers}
    try:
        yield lambda: Stop(min(level, Stop.at_once))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
