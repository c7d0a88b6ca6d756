"""Parser of a GTP engine's output."""

import collections
import re
from collections.abc import Callable
from typing import NamedTuple

_FIRST_LINE = re.compile(rb"([=?])([0-9]+)(?:[ \t](.*))?", re.DOTALL)


class Answer(NamedTuple):
    """An answer without its mark, its id and its empty line."""

    is_success: bool
    number: int
    """The id of the command that it answers."""
    text: str
    """Bytes that are not UTF-8 are surrogates."""


class Reader:
    """Incremental parser, from bytes to answers.

    An answer begins with "=ID" or "?ID" and ends with an empty line (GTP 2, section 2.6). Lines outside of
    answers are noise, and so are answers without an id.
    """

    def __init__(self, on_noise: Callable[[str], object] = lambda line: None) -> None:
        self._on_noise = on_noise
        self._unfinished_line = bytearray()
        self._lines: list[bytes] = []
        self._answers: collections.deque[Answer] = collections.deque()
        self._num_bytes = 0

    @property
    def num_bytes(self) -> int:
        """Length of the unfinished answer and line."""
        return self._num_bytes + len(self._unfinished_line)

    def feed(self, data: bytes) -> None:
        """Adds output of the engine."""
        first, *others = data.replace(b"\r", b"").split(b"\n")
        self._unfinished_line += first
        for line in others:
            self._take(bytes(self._unfinished_line))
            self._unfinished_line = bytearray(line)

    def next_answer(self) -> Answer | None:
        """Removes and returns the oldest answer; None if there is none."""
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
    # Only line feeds are stripped at the start: the spaces of a diagram's first line align its columns.
    text = "\n".join([_decode(first).replace("\t", " ").strip(), *map(_decode, lines[1:])])
    return Answer(mark == b"=", int(number[:9]), text.rstrip().lstrip("\n"))


def _decode(line: bytes) -> str:
    return line.decode(errors="surrogateescape")
