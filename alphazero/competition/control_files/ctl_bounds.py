"""Limits on the work of a control file, and the types of its values.

Values are of Python's own types (None, bool, int, float, str, list, tuple and dict), `CallRecord` or
`Function`. Each operation is charged to one budget before it runs, so that no file keeps the machine busy
for long.
"""

import ast
from dataclasses import dataclass
from typing import Any

from alphazero.competition.control_files import sourced

MOST_WORK = 2**22
"""Budget of a whole file, in units; each new character costs one unit."""
STEP, ITEM, VISIT = 16, 8, 6
"""Units for a part of an expression, for an item of a new list or dict, and for a value that is visited."""
MOST_CALLS = 25
"""Nested calls of functions."""
_TOO_MUCH = "too much work; the loops, lists and texts of a control file are limited"
_RENDERED = 400
"""Characters of the longest number as text; repr() turns one character into at most 10 (\\UXXXXXXXX)."""


@dataclass(eq=False, slots=True)
class CallRecord:
    """The value of Player(...) and Matchup(...). A file can only store it."""

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


class WorkBudget:
    """The work that a file may still do."""

    def __init__(self) -> None:
        self.left = MOST_WORK

    def spend(self, units: int, line: int) -> None:
        """Charges the budget for work that is about to be done."""
        self.check(units, line)
        self.left -= max(units, 0)

    def check(self, units: int, line: int) -> None:
        """Raises ValueError if fewer units are left."""
        if units > self.left:
            raise sourced.mistake(line, _TOO_MUCH)

    def weigh(self, value: Any, line: int) -> int:
        """An upper bound of the length of `value` as text; charges for a visit to each of its parts."""
        return self._weigh(value, line, 0)

    def _weigh(self, value: Any, line: int, depth: int) -> int:
        if isinstance(value, str):
            self.spend(VISIT + len(value) // 8, line)
            return 2 + 10 * len(value)
        if isinstance(value, CallRecord | Function):
            what = (
                f"{value.maker}(...)" if isinstance(value, CallRecord) else f"the function {value.node.name}"
            )
            raise sourced.mistake(line, f"{what} cannot be compared or turned into text")
        self.spend(VISIT, line)
        if not isinstance(value, list | tuple | dict):
            return _RENDERED
        if depth == sourced.MOST_DEPTH:
            raise sourced.mistake(line, f"lists may be nested at most {sourced.MOST_DEPTH} deep")
        keys = sum(self._weigh(key, line, depth + 1) for key in value) if isinstance(value, dict) else 0
        parts = value.values() if isinstance(value, dict) else value
        return keys + sum(4 + self._weigh(part, line, depth + 1) for part in parts) + 2


def checked(value: Any, line: int) -> Any:
    """Returns `value`; raises ValueError for huge or complex numbers and for text that cannot be encoded."""
    if isinstance(value, int) and abs(value) > sourced.LARGEST_NUMBER:
        most = sourced.LARGEST_NUMBER
        raise sourced.mistake(line, f"a number must be from {-most} to {most}")
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
    """Python's message for an operation that failed, in one line."""
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
"""Exceptions that operations on a file's values may raise in Python."""
