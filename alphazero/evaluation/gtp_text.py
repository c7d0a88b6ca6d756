"""What a GTP engine writes, cut into answers."""

import collections
import re
from collections.abc import Callable
from typing import NamedTuple

_FIRST_LINE = re.compile(rb"([=?])([0-9]+)(?:[ \t](.*))?", re.DOTALL)


class Answer(NamedTuple):
    """An answer without its frame."""

    is_success: bool
    number: int
    """The id of the command that it answers."""
    text: str
    """Bytes that are no UTF-8 are surrogates."""


class Reader:
    """Makes answers of bytes as they arrive.

    An answer begins with "=ID" or "?ID" and ends with an empty line (GTP 2, section 2.6). Lines outside
    of answers are noise, an answer without an id among them.
    """

    def __init__(self, on_noise: Callable[[str], object] = lambda line: None) -> None:
        self._on_noise = on_noise
        self._unfinished_line = bytearray()
        self._lines: list[bytes] = []
        self._answers: collections.deque[Answer] = collections.deque()
        self._num_bytes = 0

    @property
    def num_bytes(self) -> int:
        """Length of what has begun and has not ended."""
        return self._num_bytes + len(self._unfinished_line)

    def feed(self, data: bytes) -> None:
        """Takes what the engine has written next."""
        first, *others = data.replace(b"\r", b"").split(b"\n")
        self._unfinished_line += first
        for line in others:
            self._take(bytes(self._unfinished_line))
            self._unfinished_line = bytearray(line)

    def next_answer(self) -> Answer | None:
        """The oldest answer that was not given out yet."""
        return self._answers.popleft() if self._answers else None

    def _take(self, line: bytes) -> None:
        if not self._lines and not _FIRST_LINE.fullmatch(line):
            if line.strip():
                self._on_noise(_decode(line))
            return
        if line:
            self._lines.append(line)
            self._num_bytes += len(line)
            return
        self._answers.append(_make_answer(self._lines))
        self._lines, self._num_bytes = [], 0


def _make_answer(lines: list[bytes]) -> Answer:
    found = _FIRST_LINE.fullmatch(lines[0])
    assert found is not None
    mark, number, first = found.groups(b"")
    # In an answer of several lines, spaces at the left of the first line align columns.
    text = "\n".join([_decode(first).replace("\t", " ").strip(), *map(_decode, lines[1:])])
    return Answer(mark == b"=", int(number[:9]), text.rstrip().lstrip("\n"))


def _decode(line: bytes) -> str:
    return line.decode(errors="surrogateescape")
