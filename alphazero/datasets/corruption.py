"""Corruption in input files: one message for each reason in a file, and counts."""

import logging
from collections import Counter
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import NamedTuple

_logger = logging.getLogger(__name__)


class Reason(Enum):
    """Reasons for leaving out records or games."""

    unreadable = "cannot be read"
    empty = "is empty"
    binary = "is a binary chunk, version 2 of Leela Zero; only text chunks are read"
    cut = "is truncated"
    garbage = "is not a record"
    layout = "has another layout than version 1 of Leela Zero"
    size = "is for another board size"
    number = "has a probability that is not a number from 0 to 1"
    sum = "has probabilities that do not sum to 1"
    result = "has a result that is neither 1 nor -1"
    illegal = "has an illegal move"
    undecided = "has no result that was decided on the board"


class Corruption(NamedTuple):
    """Records of a chunk, or games of an SGF file, that are left out for one reason."""

    path: Path
    place: str
    """Place of the first one, for example "record 7", counted from 1; empty if it is the whole file."""
    reason: Reason
    detail: str
    """Detail of the first one."""
    count: int = 1
    """How many there are; 1 for a truncated file, as the number of lost records is unknown."""

    def __str__(self) -> str:
        place = f", {self.place}" if self.place else ""
        others = f" and {self.count - 1} more" if self.count > 1 else ""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.path}{place}{others}: {self.reason.value}{detail}"


OnCorruption = Callable[[Corruption], None]


def log_corruption(skipped: Corruption) -> None:
    """The default `on_corruption`: logs one warning."""
    _logger.warning("skipped %s", skipped)


class Findings:
    """Collects the corruption of one file, merged into one message for each reason."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[Reason, Corruption] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, reason: Reason, place: str = "", detail: object = "") -> None:
        """Counts one more; place and detail are those of the first."""
        skipped = self._found.get(reason)
        if skipped is None:
            self._found[reason] = Corruption(self._path, place, reason, str(detail))
        else:
            self._found[reason] = skipped._replace(count=skipped.count + 1)

    def report(self, on_corruption: OnCorruption) -> None:
        """Calls `on_corruption` once for each reason, in the order of first occurrence."""
        for skipped in self._found.values():
            on_corruption(skipped)


class CorruptionCounter:
    """An `on_corruption` that counts by reason and shows the first few of each."""

    def __init__(self, show: OnCorruption = log_corruption, max_shown: int = 20) -> None:
        self._show = show
        self._max_shown = max_shown
        self._num_shown: Counter[Reason] = Counter()
        self.counts: Counter[Reason] = Counter()
        """Number of records and games by reason."""

    def __call__(self, skipped: Corruption) -> None:
        """Counts the corruption, and shows it if it is among the first of its reason."""
        self.counts[skipped.reason] += skipped.count
        self._num_shown[skipped.reason] += 1
        if self._num_shown[skipped.reason] <= self._max_shown:
            self._show(skipped)

    def __str__(self) -> str:
        """Counts such as "3 cut, 1 size", the most frequent first; empty without corruption."""
        return ", ".join(f"{count} {reason.name}" for reason, count in self.counts.most_common())
