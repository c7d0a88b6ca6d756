"""gomill's control files, interpreted without being executed.

gomill runs its files as programs. Here a file is parsed, and a small interpreter walks the tree
(`ctl_statements`, `ctl_expressions`). It knows a part of Python (`ctl_grammar`), a few functions and methods
(`ctl_calls`, `ctl_text`) and a bound on the work of a file (`ctl_bounds`). The rest is refused by line.
"""

import ast
import warnings
from typing import NamedTuple

from alphazero.competition import ctl_grammar, sourced
from alphazero.competition.ctl_statements import Interpreter
from alphazero.competition.sourced import Sourced


class Script(NamedTuple):
    """The values that a file sets."""

    values: dict[str, Sourced]  # of all names that it assigns to
    used: frozenset[str]  # names among them that other values are made of


def parse(text: str) -> Script:
    """Returns what the file sets; raises ValueError "line N: ..." for what is not read."""
    try:
        interpreter = Interpreter()
        for statement in _statements(text):
            interpreter.read(statement)
        return Script(interpreter.values(), interpreter.used())
    except (RecursionError, MemoryError):
        raise ValueError(f"nested too deeply; {ctl_grammar.ALLOWED}") from None


def _statements(text: str) -> list[ast.stmt]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes such as "\d"
            return ast.parse(text).body
    except SyntaxError as error:
        raise sourced.mistake(error.lineno or 1, f"{error.msg}; {ctl_grammar.ALLOWED}") from None
    except ValueError as error:  # before Python 3.12, what a NUL leads to
        raise ValueError(f"{error}; {ctl_grammar.ALLOWED}") from None
