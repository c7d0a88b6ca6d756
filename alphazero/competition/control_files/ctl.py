"""Interpreter of gomill's control files, which executes no code.

gomill runs its files as programs. Here a file is parsed, and a small interpreter walks the syntax tree
(`ctl_statements`, `ctl_expressions`). It supports:

- a subset of Python (`ctl_grammar`)
- a few functions and methods (`ctl_calls`, `ctl_text`)
- a limited amount of work per file (`ctl_bounds`)

Anything else raises an error that names the line.
"""

import ast
import warnings
from typing import NamedTuple

from alphazero.competition.control_files import ctl_grammar, sourced
from alphazero.competition.control_files.ctl_statements import Interpreter
from alphazero.competition.control_files.sourced import Sourced


class Script(NamedTuple):
    """The values that a file sets."""

    values: dict[str, Sourced]  # of all names that the file assigns
    used: frozenset[str]  # those names from which other values are computed


def parse(text: str) -> Script:
    """Returns the values that the file sets; raises ValueError "line N: ..." for unsupported content."""
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
            warnings.simplefilter("ignore")  # invalid escapes such as "\d"
            return ast.parse(text).body
    except SyntaxError as error:
        raise sourced.mistake(error.lineno or 1, f"{error.msg}; {ctl_grammar.ALLOWED}") from None
    except ValueError as error:  # Python before 3.12 raises it for a NUL
        raise ValueError(f"{error}; {ctl_grammar.ALLOWED}") from None
