"""Watchdog of this process while it joins a cluster: Ray's C++ code ignores signals and deadlines."""

import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import NoReturn

from actors import heads
from alphazero.config import cluster as cluster_config
from alphazero.config import command_line

_logger = logging.getLogger(__name__)
_POLL_S = 2.0


@contextlib.contextmanager
def watched(key: str, address: str) -> Iterator[None]:
    """Ends the process at SIGINT or SIGTERM (exit code 130), or if no head answers at `address` (2).

    Nothing is lost: the run has not begun, and the lock of its folder ends with the process. Must run in the
    main thread. key: the setting or variable that holds the address.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    is_over = threading.Event()
    listener = threading.Thread(target=_listen, args=(read_end,), daemon=True)
    listener.start()
    threading.Thread(target=_watch, args=(key, address, is_over), daemon=True).start()
    # Handlers written in Python run only after C++ returns; the byte in the pipe arrives at once.
    before = {number: signal.signal(number, _ignore) for number in (signal.SIGINT, signal.SIGTERM)}
    wakeup = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    try:
        yield
    finally:
        is_over.set()
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            if signal.getsignal(number) is _ignore:
                signal.signal(number, handler)
        os.close(write_end)
        listener.join()
        os.close(read_end)


def _ignore(*_: object) -> None:
    """Does nothing: the listener handles the signal."""


def _listen(read_end: int) -> None:
    """Reads the numbers of signals until the other end of the pipe is closed."""
    while numbers := os.read(read_end, 100):
        if {signal.SIGINT, signal.SIGTERM} & set(numbers):
            _exit(command_line.INTERRUPTED, 130)


def _watch(key: str, address: str, is_over: threading.Event) -> None:
    host, port = cluster_config.split_address(key, address)
    while not is_over.wait(_POLL_S):
        reason = heads.find_fault(host, port)
        if reason and not is_over.is_set():
            _exit(heads.refusal(key, address, reason), 2)


def _exit(line: str, exit_code: int) -> NoReturn:
    _logger.info("%s", line)
    print(line, file=sys.stderr, flush=True)
    os._exit(exit_code)
