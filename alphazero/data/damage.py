"""What is wrong with other people's files: one line for each kind of mistake in a file, and a count."""

import logging
from collections import Counter
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import NamedTuple

_logger = logging.getLogger(__name__)


class Reason(Enum):
    """Why records or games are left out."""

    unreadable = "cannot be read"
    empty = "holds nothing"
    binary = "is a binary chunk, version 2 of Leela Zero; only text chunks are read"
    cut = "breaks off"
    garbage = "is not a record"
    layout = "has another layout than version 1 of Leela Zero"
    size = "is for another size of board"
    number = "has a probability that is no number from 0 to 1"
    sum = "has probabilities that do not sum to 1"
    result = "has a result that is neither 1 nor -1"
    illegal = "has an illegal move"
    undecided = "has no result that the board decided"


class Damage(NamedTuple):
    """Records of a chunk, or games of an SGF file, that are left out for one reason."""

    path: Path
    place: str
    """The first of them: "record 7" counts from 1; empty where it is the file as a whole."""
    reason: Reason
    detail: str
    """Of the first of them."""
    count: int = 1
    """How many there are; of a file that breaks off one, as no one knows."""

    def __str__(self) -> str:
        place = f", {self.place}" if self.place else ""
        others = f" and {self.count - 1} more" if self.count > 1 else ""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.path}{place}{others}: {self.reason.value}{detail}"


OnDamage = Callable[[Damage], None]


def log_damage(damage: Damage) -> None:
    """The default `on_damage`: one warning."""
    _logger.warning("skipped %s", damage)


class Findings:
    """Collects the damages of one file, so that a reason takes one line however often it applies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: dict[Reason, Damage] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, reason: Reason, place: str = "", detail: object = "") -> None:
        """Counts one more; place and detail are kept from the first."""
        damage = self._found.get(reason)
        if damage is None:
            self._found[reason] = Damage(self._path, place, reason, str(detail))
        else:
            self._found[reason] = damage._replace(count=damage.count + 1)

    def report(self, on_damage: OnDamage) -> None:
        """Hands over what was found, in the order of the first places."""
        for damage in self._found.values():
            on_damage(damage)


class Tally:
    """An `on_damage` that counts by reason, and passes on the first few of each."""

    def __init__(self, show: OnDamage = log_damage, max_shown: int = 20) -> None:
        self._show = show
        self._max_shown = max_shown
        self._num_shown: Counter[Reason] = Counter()
        self.counts: Counter[Reason] = Counter()
        """Records and games by reason."""

    def __call__(self, damage: Damage) -> None:
        """Counts, and shows if it is one of the first."""
        self.counts[damage.reason] += damage.count
        self._num_shown[damage.reason] += 1
        if self._num_shown[damage.reason] <= self._max_shown:
            self._show(damage)

    def __str__(self) -> str:
        """Such as "3 cut, 1 size", most frequent first; empty without damage."""
        return ", ".join(f"{count} {reason.name}" for reason, count in self.counts.most_common())
