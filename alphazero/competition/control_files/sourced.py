"""Values of a control file with their line numbers, and limits on their size."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

MOST_SIZE = 2**22
"""Total size of a file's values: one for each value and one for each character of text."""
MOST_DEPTH = 100
"""Levels of nested lists."""
LARGEST_NUMBER = 2**63 - 1
"""The largest whole number."""
_MOST_SHOWN = 60  # characters of a value in a message


@dataclass(frozen=True, slots=True)
class Sourced:
    """A value of a control file."""

    value: Any
    """str, int, float, bool or None, or a list, tuple or dict of Sourced; keys of a dict are plain."""
    line: int
    """From 1; for the value of a key, the line of the key."""
    maker: str = ""
    """"Player" or "Matchup" for a dict that such a call created."""
    size: int = 1
    """Total size including all parts; a part that occurs several times counts each time."""
    depth: int = 1

    def plain(self) -> Any:
        """The value without line numbers."""
        if isinstance(self.value, dict):
            return {key: part.plain() for key, part in self.value.items()}
        if isinstance(self.value, list | tuple):
            return type(self.value)(part.plain() for part in self.value)
        return self.value

    def at(self, line: int) -> "Sourced":
        """The same value with another line number."""
        return replace(self, line=line)


class Allowance:
    """Creates the values of one file; raises ValueError if they become too large.

    A few lines can describe values larger than any memory, by repetition or by nested references.
    """

    def __init__(self) -> None:
        self._left = MOST_SIZE

    def make(self, value: Any, line: int, maker: str = "") -> Sourced:
        """`value` as Sourced; its parts must be Sourced already."""
        if isinstance(value, str):
            check_text(value, line)
        elif isinstance(value, int) and abs(value) > LARGEST_NUMBER:
            raise mistake(line, f"a number must be from {-LARGEST_NUMBER} to {LARGEST_NUMBER}")
        parts = _parts(value)
        own = 1 + (len(value) if isinstance(value, str) else len(parts))
        made = Sourced(
            value,
            line,
            maker,
            size=own + sum(part.size for part in parts),
            depth=1 + max((part.depth for part in parts), default=0),
        )
        self._left -= own
        self.check(max(made.size, MOST_SIZE - self._left), line)
        if made.depth > MOST_DEPTH:
            raise mistake(line, f"lists may be nested at most {MOST_DEPTH} deep")
        return made

    def check(self, size: int, line: int) -> None:
        """Raises ValueError if `size` is too large."""
        if size > MOST_SIZE:
            raise mistake(line, f"too large; all values together may have at most {MOST_SIZE} characters")


class Mistake(ValueError):
    """A mistake in a control file."""


def mistake(line: int, text: str) -> Mistake:
    """The error for a mistake on this line, with a message of one line."""
    return Mistake(f"line {line}: {' '.join(text.split())}")


def shown(value: object) -> str:
    """A value for a message, in one line and shortened."""
    text = repr(value)
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 3] + "..."


def _parts(value: Any) -> list[Sourced]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, list | tuple) else []


def check_text(text: str, line: int) -> None:
    """Raises ValueError for text that cannot be encoded."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise mistake(line, f"{shown(text)} contains half of a surrogate pair") from None
