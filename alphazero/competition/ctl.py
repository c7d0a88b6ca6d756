"""Reads gomill's control files without executing them: of Python's syntax, what states values.

gomill runs its files as programs. Here a file is parsed, and its tree is read: literals, variables of its
own, `+`, `*` and `%`, and calls of Player, Matchup, dict and list. The rest is refused by line.
"""

import ast
import re
import warnings
from typing import Any, NamedTuple, NoReturn

from alphazero.competition import entries, settings, sourced
from alphazero.competition.sourced import Sourced

_ALLOWED = "a control file may hold only assignments of literals, Player(...) and Matchup(...)"
_MAKERS = {"Player": ("command",), "Matchup": ("player_1", "player_2")}
"""What may be called besides dict and list -> names of its leading arguments."""
_CALLABLE = (*_MAKERS, "dict", "list")
_DIRECTIVE = re.compile(r"%(?:%|[-+ #0]{0,5}\d{0,3}(?:\.\d{0,3})?[sdifeg])")
"""What the % of a text may fill in: no widths that come from elsewhere or run into thousands."""
_WORDS = {
    ast.FunctionDef: "a function",
    ast.ClassDef: "a class",
    ast.Import: "an import",
    ast.ImportFrom: "an import",
    ast.For: "a loop",
    ast.While: "a loop",
    ast.If: "a condition",
    ast.IfExp: "a condition",
    ast.Attribute: "an attribute",
    ast.Subscript: "an index",
    ast.Lambda: "a function",
    ast.ListComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.JoinedStr: "an f-string",
    ast.Starred: "a starred value",
    ast.AugAssign: "an assignment that computes",
    ast.AnnAssign: "an annotation",
    ast.Constant: "a literal of this kind",
    ast.Set: "a set",
    ast.Call: "a call",
    ast.Expr: "a value without a name",
}


class Script(NamedTuple):
    """What a file says."""

    values: dict[str, Sourced]  # of all names that it assigns to
    used: frozenset[str]  # names among them that later values are made of


def parse(text: str) -> Script:
    """ValueError "line N: ..." for anything that does not merely state values."""
    try:
        reader = _Reader()
        for index, statement in enumerate(_statements(text)):
            if index or not _is_text(statement):
                reader.read(statement)
    except (RecursionError, MemoryError):
        raise ValueError(f"nested too deeply; {_ALLOWED}") from None
    return Script(reader.values, frozenset(reader.used))


def _statements(text: str) -> list[ast.stmt]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes such as "\d"
            return ast.parse(text).body
    except SyntaxError as error:
        raise sourced.mistake(error.lineno or 1, f"{error.msg}; {_ALLOWED}") from None
    except ValueError as error:  # before Python 3.12, what a NUL leads to
        raise ValueError(f"{error}; {_ALLOWED}") from None


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


class _Reader:
    """Evaluates one statement after the other."""

    def __init__(self) -> None:
        self.values: dict[str, Sourced] = {}
        self.used: set[str] = set()
        self._allowance = sourced.Allowance()

    def read(self, statement: ast.stmt) -> None:
        if not isinstance(statement, ast.Assign):
            _refuse(statement)
        value = self._value(statement.value).at(statement.lineno)
        for target in statement.targets:
            if not isinstance(target, ast.Name):
                _refuse(target, "an assignment to something other than a name")
            if target.id in _CALLABLE:
                raise sourced.mistake(target.lineno, f"{target.id} may be called but not set")
            if target.id == "competition_type":
                # Before what follows: files of other kinds hold functions, which are not the point then.
                entries.choice(settings.Kind)(entries.Entry(target.id, value))
            self.values[target.id] = value

    def _value(self, node: ast.expr) -> Sourced:
        match node:
            case ast.Constant(value=str() | int() | float() | None as value):
                return self._make(value, node)
            case ast.Name(id=name):
                return self._named(name, node)
            case ast.List(elts=parts):
                return self._make([self._value(part) for part in parts], node)
            case ast.Tuple(elts=parts):
                return self._make(tuple(self._value(part) for part in parts), node)
            case ast.Dict():
                return self._make(self._pairs(node), node)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                number = self._value(operand).value
                if not _is_number(number):
                    _refuse(node, "a sign before something other than a number")
                return self._make(-number if isinstance(sign, ast.USub) else number, node)
            case ast.BinOp():
                return self._computed(node)
            case ast.Call(func=ast.Name(id=name)) if name in _CALLABLE:
                return self._called(name, node)
            case _:
                _refuse(node)

    def _make(self, value: Any, node: ast.expr, maker: str = "") -> Sourced:
        return self._allowance.make(value, node.lineno, maker)

    def _named(self, name: str, node: ast.expr) -> Sourced:
        if name not in self.values:
            raise sourced.mistake(
                node.lineno, f"{sourced.shown(name)} is not set above this line; {_ALLOWED}"
            )
        self.used.add(name)
        return self.values[name]

    def _pairs(self, node: ast.Dict) -> dict[Any, Sourced]:
        pairs: dict[Any, Sourced] = {}
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            if key_node is None:
                _refuse(value_node, "a starred value")
            key = self._value(key_node).value
            if isinstance(key, list | tuple | dict):
                raise sourced.mistake(key_node.lineno, "a key must be a text or a number")
            if key in pairs:
                raise sourced.mistake(key_node.lineno, f"{sourced.shown(key)} is there twice")
            pairs[key] = self._value(value_node).at(key_node.lineno)
        return pairs

    def _computed(self, node: ast.BinOp) -> Sourced:
        """Operators of Python, on the few types where a control file has use for them."""
        left, right = self._value(node.left), self._value(node.right)
        a, b = left.value, right.value
        match node.op:
            case ast.Add() if type(a) is type(b) and isinstance(a, str | list | tuple):
                self._allowance.check(len(a) + len(b), node.lineno)
                return self._make(a + b, node)
            case ast.Add() if _is_number(a) and _is_number(b):
                return self._make(a + b, node)
            case ast.Mult() if _is_number(a) and _is_number(b):
                return self._make(a * b, node)
            case ast.Mult() if isinstance(a, str | list | tuple) and _is_number(b) and isinstance(b, int):
                self._allowance.check(left.size * b, node.lineno)
                return self._make(a * b, node)
            case ast.Mod() if isinstance(a, str):
                return self._make(_filled_in(a, right.plain(), node.lineno), node)
        _refuse(node, "an operator other than + and * of like values and the % of a text")

    def _called(self, name: str, node: ast.Call) -> Sourced:
        values = [self._value(argument) for argument in node.args]
        pairs = {} if name not in _MAKERS else dict(zip(_MAKERS[name], values, strict=False))
        if name in _MAKERS and len(values) > len(pairs):
            allowed = " and ".join(_MAKERS[name])
            raise sourced.mistake(node.lineno, f"{name}(...) takes {allowed} without a name, and no more")
        if name == "list":
            if len(values) > 1 or node.keywords or not all(isinstance(v.value, list | tuple) for v in values):
                _refuse(node, "a call of list(...) with something other than a list")
            return self._make([part for value in values for part in value.value], node)
        if name == "dict":
            if len(values) > 1 or not all(isinstance(value.value, dict) for value in values):
                _refuse(node, "a call of dict(...) with something other than a dictionary")
            pairs = dict(values[0].value) if values else {}
        self._add_keywords(node, pairs)
        return self._make(pairs, node, name if name in _MAKERS else "")

    def _add_keywords(self, node: ast.Call, pairs: dict[Any, Sourced]) -> None:
        """A keyword may replace what dict(...) copies, and nothing else."""
        seen = set() if isinstance(node.func, ast.Name) and node.func.id == "dict" else set(pairs)
        for keyword in node.keywords:
            if keyword.arg is None:
                _refuse(keyword.value, "a starred value")
            if keyword.arg in seen:
                raise sourced.mistake(keyword.lineno, f"{keyword.arg} is there twice")
            seen.add(keyword.arg)
            pairs[keyword.arg] = self._value(keyword.value).at(keyword.lineno)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _filled_in(text: str, values: Any, line: int) -> str:
    """`text % values`, for a bounded result."""
    parts = values if isinstance(values, tuple) else (values,)
    if "%" in _DIRECTIVE.sub("", text) or any(isinstance(part, list | tuple | dict) for part in parts):
        raise sourced.mistake(
            line, "the % of a text fills in texts and numbers, by %s, %d, %i, %f, %e and %g"
        )
    try:
        return text % parts
    except (TypeError, ValueError, OverflowError) as error:
        raise sourced.mistake(line, str(error)) from None


def _refuse(node: ast.AST, what: str = "") -> NoReturn:
    words = what or _WORDS.get(type(node), f"Python's {type(node).__name__}")
    raise sourced.mistake(getattr(node, "lineno", 1), f"{words} is not read; {_ALLOWED}")
