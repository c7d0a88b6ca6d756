"""Input lines that a thread reads ahead, so that a long command notices new input at once."""

import os
import queue
import threading
from collections.abc import Callable, Iterator

MOST_WAITING = 1024
"""Most lines that are read ahead. Beyond that the controller's writes block, as without a thread."""
MOST_BYTES = 1 << 20
"""Most bytes of a line. The rest is dropped, so that input without line ends cannot fill the memory."""
_CHUNK = 1 << 16


class Inbox:
    """Queue of the lines of a file descriptor, followed by its end."""

    def __init__(self, descriptor: int) -> None:
        """descriptor: only this object may read it from now on."""
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        # The thread is a daemon, as a blocking read cannot be interrupted. It reads the descriptor and not
        # `sys.stdin`, as Python aborts a process that ends while a daemon holds the lock of `sys.stdin`.
        threading.Thread(target=self._fill, args=(descriptor,), name="input", daemon=True).start()

    def has_input(self) -> bool:
        """Whether `take` would return at once, with a line or at the end of the input."""
        return not self._waiting.empty()

    def take(self) -> str | None:
        """Waits for the next line; returns it without its line feed. At the end every call returns None."""
        line = self._waiting.get()
        if line is None:
            self._waiting.put(None)
        return line

    def _fill(self, descriptor: int) -> None:
        for line in split_lines(lambda: _read(descriptor)):
            self._waiting.put(line)
        self._waiting.put(None)


def split_lines(read: Callable[[], bytes]) -> Iterator[str]:
    """Yields the lines of the pieces that `read` returns, until it returns an empty one.

    Only a line feed ends a line. Bytes that are not UTF-8 become lone surrogates, as in Python's file names.
    """
    begun = bytearray()
    while piece := read():
        *ended, rest = piece.split(b"\n")
        for line in ended:
            begun += line
            yield _decode(begun)
            begun.clear()
        begun += rest
        del begun[MOST_BYTES:]
    if begun:
        yield _decode(begun)


def _decode(line: bytearray) -> str:
    return line[:MOST_BYTES].decode("utf-8", "surrogateescape")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:  # the terminal is closed, or the process was started without input
        return b""
