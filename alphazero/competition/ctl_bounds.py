"""Bounds on the work of a control file, and the values that it works with.

Values are Python's own: None, bool, int, float, str, list, tuple and dict, besides `Record` and `Function`.
All work is paid from one budget before it is done, so that no file keeps the machine busy for long.
"""

import ast
from dataclasses import dataclass
from typing import Any

from alphazero.competition import sourced

MOST_WORK = 2**22
"""Units of a whole file: a character made costs one, and the following costs more."""
STEP, ITEM, VISIT = 16, 8, 6
"""Units for a part of an expression, for an item of a new list or dict, and for a value that is looked at."""
MOST_CALLS = 25
"""Calls of functions within calls."""
_TOO_MUCH = "too much work; loops, lists and texts of a control file are bounded"
_RENDERED = 400
"""Characters of the longest number; a character of text takes at most 10 (\\UXXXXXXXX)."""


@dataclass(eq=False, slots=True)
class Record:
    """What Player(...) and Matchup(...) make. A file can only keep it."""

    maker: str
    values: dict[str, Any]


@dataclass(eq=False, slots=True)
class Function:
    """A function that the file defines."""

    node: ast.FunctionDef
    defaults: dict[str, Any]
    local_names: frozenset[str]

    def __repr__(self) -> str:
        return f"<function {self.node.name}>"


class Budget:
    """What is left of a file's work."""

    def __init__(self) -> None:
        self.left = MOST_WORK

    def spend(self, units: int, line: int) -> None:
        """Pays for work that is done next."""
        self.check(units, line)
        self.left -= max(units, 0)

    def check(self, units: int, line: int) -> None:
        """Raises ValueError where there is not enough left."""
        if units > self.left:
            raise sourced.mistake(line, _TOO_MUCH)

    def weigh(self, value: Any, line: int) -> int:
        """The length of `value` as text, at most; pays for looking at all that is in it."""
        return self._weigh(value, line, 0)

    def _weigh(self, value: Any, line: int, depth: int) -> int:
        if isinstance(value, str):
            self.spend(VISIT + len(value) // 8, line)
            return 2 + 10 * len(value)
        if isinstance(value, Record | Function):
            what = f"{value.maker}(...)" if isinstance(value, Record) else f"the function {value.node.name}"
            raise sourced.mistake(line, f"{what} can be neither text nor part of a comparison")
        self.spend(VISIT, line)
        if not isinstance(value, list | tuple | dict):
            return _RENDERED
        if depth == sourced.MOST_DEPTH:
            raise sourced.mistake(line, f"lists within lists may be {sourced.MOST_DEPTH} deep")
        keys = sum(self._weigh(key, line, depth + 1) for key in value) if isinstance(value, dict) else 0
        parts = value.values() if isinstance(value, dict) else value
        return keys + sum(4 + self._weigh(part, line, depth + 1) for part in parts) + 2


def checked(value: Any, line: int) -> Any:
    """`value`, which is refused if it is a number or a text that no file needs."""
    if isinstance(value, int) and abs(value) > sourced.LARGEST_NUMBER:
        most = sourced.LARGEST_NUMBER
        raise sourced.mistake(line, f"a number must lie between {-most} and {most}")
    if isinstance(value, complex):
        raise sourced.mistake(line, "a number must be real")
    if isinstance(value, str):
        sourced.check_text(value, line)
    return value


def check_key(key: Any, line: int) -> None:
    """Raises ValueError for keys other than text, numbers and None."""
    if not isinstance(key, str | int | float | None):
        raise sourced.mistake(line, "a key must be a text or a number")


def reason(error: Exception) -> str:
    """What Python says about an operation that failed, in one line."""
    if isinstance(error, KeyError):
        return f"there is no key {sourced.shown(error.args[0])}"
    return " ".join(str(error).split())[:200]


FAILURES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    RuntimeError,
)
"""What operations on values of a file may raise in Python."""
