"""Lines of input, read ahead by a thread: what takes long learns at once that somebody has written."""

import os
import queue
import threading
from collections.abc import Callable, Iterator

MOST_WAITING = 1024
"""Lines read ahead; then the controller waits, as it would if there were no thread."""
MOST_BYTES = 1 << 20
"""What a longer line has beyond this is dropped, so that input without line ends fills no memory."""
_CHUNK = 1 << 16


class Inbox:
    """The lines of a file descriptor, in order, and then the end."""

    def __init__(self, descriptor: int) -> None:
        """descriptor: read by this object alone from now on."""
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        # A daemon that reads the descriptor itself: nobody can wake it up, and a process that ends while
        # it holds the lock of `sys.stdin` would be aborted.
        threading.Thread(target=self._fill, args=(descriptor,), name="input", daemon=True).start()

    def has_input(self) -> bool:
        """Whether `take` would return at once: with a line, or because the input has ended."""
        return not self._waiting.empty()

    def take(self) -> str | None:
        """The next line without its end, waiting for it if need be; None for good once there are no more."""
        line = self._waiting.get()
        if line is None:
            self._waiting.put(None)
        return line

    def _fill(self, descriptor: int) -> None:
        for line in split_lines(lambda: _read(descriptor)):
            self._waiting.put(line)
        self._waiting.put(None)


def split_lines(read: Callable[[], bytes]) -> Iterator[str]:
    """Lines of what `read` returns in pieces, until it returns nothing; only a line feed ends one.

    Bytes that are no UTF-8 become lone surrogates, as in Python's own file names.
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
    except OSError:  # a terminal that has gone, or a process that was started without input
        return b""
