"""A watch over this process while Ray's C++ code joins a cluster: it hears neither signals nor deadlines."""

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import NoReturn

from actors import heads
from alphazero.config import cluster as settings
from alphazero.config import command_line

_logger = logging.getLogger(__name__)
_LOOK_S = 2.0


@contextlib.contextmanager
def watched(key: str, address: str) -> Iterator[None]:
    """Ends the process at SIGINT or SIGTERM (exit code 130), or when no head answers at `address` (2).

    Nothing is lost: the run has not begun, and the lock of its folder ends with the process. Needs the main
    thread. key: the setting or variable that holds the address.
    """
    heard, hear = os.pipe()
    os.set_blocking(hear, False)
    is_over = threading.Event()
    listener = threading.Thread(target=_listen, args=(heard,), daemon=True)
    listener.start()
    threading.Thread(target=_look, args=(key, address, is_over), daemon=True).start()
    # Handlers written in Python wait until C++ returns; the byte in the pipe does not.
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGINT, signal.SIGTERM)}
    wakeup = signal.set_wakeup_fd(hear, warn_on_full_buffer=False)
    try:
        yield
    finally:
        is_over.set()
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            if signal.getsignal(number) is _ignore:
                signal.signal(number, handler)
        os.close(hear)
        listener.join()
        os.close(heard)


def _ignore(*_: object) -> None:
    """Leaves the signal to the listener."""


def _listen(heard: int) -> None:
    """Reads the numbers of signals until the other end of the pipe is closed."""
    while numbers := os.read(heard, 100):
        if {signal.SIGINT, signal.SIGTERM} & set(numbers):
            _leave(command_line.INTERRUPTED, 130)


def _look(key: str, address: str, is_over: threading.Event) -> None:
    host, port = settings.split_address(key, address)
    while not is_over.wait(_LOOK_S):
        reason = heads.find_fault(host, port)
        if reason and not is_over.is_set():
            _leave(heads.refusal(key, address, reason), 2)


def _leave(line: str, exit_code: int) -> NoReturn:
    _logger.info("%s", line)
    print(line, file=sys.stderr, flush=True)
    os._exit(exit_code)
