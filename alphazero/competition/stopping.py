"""How a run is asked to stop."""

import contextlib
import signal
from collections.abc import Callable, Iterator
from enum import IntEnum


class Stop(IntEnum):
    """What to do with games under way."""

    no = 0
    """Start more of them."""
    after_games = 1
    """Wait for their end and start no more."""
    at_once = 2
    """Give them up; they are played again in the next run."""


@contextlib.contextmanager
def on_signals() -> Iterator[Callable[[], Stop]]:
    """What signals have asked for so far: SIGINT to end after the games, twice or SIGTERM at once."""
    num_asked = 0

    def ask(number: int, frame: object) -> None:
        nonlocal num_asked
        num_asked += 2 if number == signal.SIGTERM else 1

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: Stop(min(num_asked, Stop.at_once))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
