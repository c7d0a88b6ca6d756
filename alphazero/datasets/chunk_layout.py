"""Foreign lines in chunks: where they end, and why they are left out (docs/chunks.md).

Foreign lines are not a record of Leela Zero's version 1. A record of another program may contain all lines
of one of ours, after some extra planes. The reader therefore starts a record only where one certainly starts,
and skips everything else as a whole.
"""

import math
from collections.abc import Sequence
from enum import Enum

from alphazero.datasets import chunk_text, corruption

_SHORTEST_PLANE = 3  # characters of a 3x3 plane; integers may be as long
_SHORTEST_USUAL_PLANE = 7  # characters of a 5x5 plane
_LONGEST_RESULT = 20
_MOST_RUNS = 32  # more are garbage, which may be endless


class LineKind(Enum):
    """Type of a line, judged by the line alone."""

    plane = "P"
    number = "n"
    policy = "p"
    """Two or more numbers."""
    text = "t"


def classify(line: bytes, length: int) -> LineKind:
    """The kind of a line. length: characters of our planes, fewer than _SHORTEST_PLANE on 2x2."""
    if (len(line) >= _SHORTEST_PLANE or len(line) == length) and chunk_text.is_plane(line):
        return LineKind.plane
    words = line.split()
    if not words or not all(_is_number(word) for word in words):
        return LineKind.text
    return LineKind.number if len(words) == 1 else LineKind.policy


def is_whole(lines: Sequence[bytes], size: int) -> bool:
    """Whether these 19 lines have the layout of a record of this size; their numbers may still be invalid."""
    length, side, policy = chunk_text.plane_length(size), lines[chunk_text.SIDE], lines[chunk_text.POLICY]
    return (
        all(len(line) == length for line in lines[: chunk_text.SIDE])
        and len(side) == 1
        and len(policy.split()) > 1
        and _is_result(lines[chunk_text.RESULT], length)
    )


def may_follow(line: bytes, size: int) -> bool:
    """Whether a record can have ended before this line. A number would be one more line of that record."""
    length = chunk_text.plane_length(size)
    kind = classify(line, length)
    is_integer = len(line) != length and len(line) < _SHORTEST_USUAL_PLANE
    return kind is LineKind.text or (kind is LineKind.plane and not is_integer)


class ForeignRecord:
    """Lines from one certain start of a record to the next, added one by one.

    They end after a policy, a result and any further lines of one number each. A line of several numbers
    begins the next record: it may replace a corrupt plane, and the planes after it must not be used alone.
    """

    def __init__(self, size: int, *, starts_surely: bool) -> None:
        """starts_surely: whether a record certainly starts here; otherwise this may be the middle of one."""
        self.num_lines = 0
        self.has_ended = False
        """Whether it has a policy and a result."""
        self._size = size
        self._length = chunk_text.plane_length(size)
        self._starts_surely = starts_surely
        self._first = b""
        self._runs: list[tuple[LineKind, int]] = []  # kind, and number of consecutive lines of it
        self._widths: set[int] = set()
        self._num_moves = 0  # numbers in the policy

    def add(self, line: bytes) -> bool:
        """Adds a line; returns False if the record ended before it."""
        kind = classify(line, self._length)
        if self.has_ended and kind is not LineKind.number:
            return False
        if not self.num_lines:
            self._first = line
        self.num_lines += 1
        if self._runs and self._runs[-1][0] is LineKind.policy and _is_result(line, self._length):
            self.has_ended = True
            kind = LineKind.number
        elif kind is LineKind.text:
            self._starts_surely |= not self._has_lines
        self._note(kind, line)
        return True

    @property
    def ends_surely(self) -> bool:
        """Whether a record certainly starts after it.

        False if the lines may come from a program that writes the same lines as we do, but does not begin
        with the planes: the planes of one position would then be read with the result of the next one.
        """
        kinds = "".join(kind.value for kind, count in self._without_text())
        is_regular = self._num_planes in (0, chunk_text.SIDE) and len(self._widths) <= 1
        if not self._starts_surely:
            return not (is_regular and kinds == "Pnpn")
        return not (is_regular and kinds in ("nPnpn", "pn", "npn"))

    def describe(self) -> tuple[corruption.Reason, str]:
        """The reason for leaving it out, and a detail."""
        kinds = "".join(kind.value for kind, _ in self._runs)
        is_like_ours = self.has_ended and kinds.startswith("P") and kinds.count("P") == 1 and "t" not in kinds
        if not is_like_ours or len(self._widths) > 1 or not self._starts_surely:
            return corruption.Reason.garbage, chunk_text.shown(self._first) or "an empty line"
        if self._num_planes != chunk_text.SIDE:
            return corruption.Reason.layout, f"{self._num_planes} planes, expected {chunk_text.SIDE}"
        side = math.isqrt(self._num_moves - 1)
        is_board = side * side == self._num_moves - 1 and self._widths == {chunk_text.plane_length(side)}
        if kinds == "Pnpn" and self.num_lines == chunk_text.NUM_LINES and is_board and side != self._size:
            return corruption.Reason.size, f"{side}x{side}, expected {self._size}x{self._size}"
        if self.num_lines != chunk_text.NUM_LINES:
            return corruption.Reason.layout, f"{self.num_lines} lines, expected {chunk_text.NUM_LINES}"
        return corruption.Reason.layout, "lines in another order"

    @property
    def begins_with_plane(self) -> bool:
        """Whether its first line is a plane."""
        return bool(self._runs) and self._runs[0][0] is LineKind.plane

    @property
    def _num_planes(self) -> int:
        return sum(count for kind, count in self._runs if kind is LineKind.plane)

    @property
    def _has_lines(self) -> bool:
        return bool(self._without_text())

    def _without_text(self) -> list[tuple[LineKind, int]]:
        return [run for run in self._runs if run[0] is not LineKind.text]

    def _note(self, kind: LineKind, line: bytes) -> None:
        if kind is LineKind.plane:
            self._widths.add(len(line))
        elif kind is LineKind.policy and not self._num_moves:
            self._num_moves = len(line.split())
        if self._runs and self._runs[-1][0] is kind:
            self._runs[-1] = kind, self._runs[-1][1] + 1
        elif len(self._runs) < _MOST_RUNS:
            self._runs.append((kind, 1))


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _is_result(line: bytes, length: int) -> bool:
    """Whether a line after the policy is a result: a number, or a word such as "B+R"."""
    is_word = len(line.split()) == 1 and len(line) <= _LONGEST_RESULT
    return is_word and classify(line, length) is not LineKind.plane
