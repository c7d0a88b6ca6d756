"""Values of a control file with the lines where they are written, and bounds on how they may grow."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

MOST_SIZE = 2**22
"""Of all values of a file together: characters of text, and one for each value."""
MOST_DEPTH = 100
"""Lists within lists."""
LARGEST_NUMBER = 2**63 - 1
"""The largest whole number."""
_MOST_SHOWN = 60  # characters of a value in a message


@dataclass(frozen=True, slots=True)
class Sourced:
    """A value of a control file."""

    value: Any
    """str, int, float, bool or None, or a list, tuple or dict of Sourced; keys of a dict are plain."""
    line: int
    """From 1; of the value of a key, the line of the key."""
    maker: str = ""
    """"Player" or "Matchup" for a dict that the file calls so."""
    size: int = 1
    """Of it and all that is in it, counted as often as it is there."""
    depth: int = 1

    def plain(self) -> Any:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {key: part.plain() for key, part in self.value.items()}
        if isinstance(self.value, list | tuple):
            return type(self.value)(part.plain() for part in self.value)
        return self.value

    def at(self, line: int) -> "Sourced":
        """The same value, written on another line."""
        return replace(self, line=line)


class Allowance:
    """Makes the values of one file; raises ValueError for one that no file needs.

    A few lines can ask for more than a machine has, by repetition or by references to references.
    """

    def __init__(self) -> None:
        self._left = MOST_SIZE

    def make(self, value: Any, line: int, maker: str = "") -> Sourced:
        """`value` as Sourced; its parts are so already."""
        if isinstance(value, str):
            check_text(value, line)
        elif isinstance(value, int) and abs(value) > LARGEST_NUMBER:
            raise mistake(line, f"a number must lie between {-LARGEST_NUMBER} and {LARGEST_NUMBER}")
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
            raise mistake(line, f"lists within lists may be {MOST_DEPTH} deep")
        return made

    def check(self, size: int, line: int) -> None:
        """Raises ValueError where something of this size would be too large."""
        if size > MOST_SIZE:
            raise mistake(line, f"too large; all values together may hold {MOST_SIZE} characters")


class Mistake(ValueError):
    """A mistake of whoever wrote the file."""


def mistake(line: int, text: str) -> Mistake:
    """A mistake on this line, in one line of text."""
    return Mistake(f"line {line}: {' '.join(text.split())}")


def shown(value: object) -> str:
    """A value in a message: one line, not long."""
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
        raise mistake(line, f"{shown(text)} has half of a character") from None
