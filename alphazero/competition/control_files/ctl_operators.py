"""Python's operators on the values of control files, charged to the budget before they run."""

import ast
import operator
from collections.abc import Callable
from typing import Any

from alphazero.competition.control_files import ctl_bounds, ctl_text, sourced
from alphazero.competition.control_files.ctl_bounds import ITEM, WorkBudget

_OPERATORS: dict[type, tuple[Callable[..., Any], Callable[..., Any]]] = {
    ast.Add: (operator.add, operator.iadd),
    ast.Sub: (operator.sub, operator.isub),
    ast.Mult: (operator.mul, operator.imul),
    ast.Div: (operator.truediv, operator.itruediv),
    ast.FloorDiv: (operator.floordiv, operator.ifloordiv),
    ast.Mod: (operator.mod, operator.imod),
    ast.Pow: (operator.pow, operator.ipow),
    ast.USub: (operator.neg, operator.neg),
    ast.UAdd: (operator.pos, operator.pos),
}
_COMPARISONS: dict[type, Callable[..., Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda part, whole: part in whole,
    ast.NotIn: lambda part, whole: part not in whole,
}
_MOST_EXPONENT = 64


def unary(op: ast.unaryop, value: Any, line: int) -> Any:
    """`op value`."""
    if isinstance(op, ast.Not):
        return not value
    work = _OPERATORS[type(op)][0]
    return ctl_bounds.checked(tried(lambda: work(value), line), line)


def binary(op: ast.operator, a: Any, b: Any, budget: WorkBudget, line: int, *, in_place: bool = False) -> Any:
    """`a op b`, or the value that `a op= b` assigns."""
    match op:
        case ast.Mod() if isinstance(a, str):
            return ctl_bounds.checked(ctl_text.percent(a, b, budget, line), line)
        case ast.Add() if isinstance(a, str | list | tuple) and isinstance(b, str | list | tuple | dict):
            budget.spend(_size(b) + (0 if in_place and isinstance(a, list) else _size(a)), line)
        case ast.Mult() if isinstance(a, str | list | tuple) and isinstance(b, int):
            budget.spend(_size(a) * b, line)
        case ast.Mult() if isinstance(b, str | list | tuple) and isinstance(a, int):
            budget.spend(_size(b) * a, line)
        case ast.Div() if isinstance(a, int) and isinstance(b, int):
            raise sourced.mistake(
                line, "/ of whole numbers differs between Python 2 and 3; use // or make one a float"
            )
        case ast.Pow() if isinstance(a, int) and isinstance(b, int) and b > _MOST_EXPONENT:
            raise sourced.mistake(line, f"an exponent must be at most {_MOST_EXPONENT}")
    work = _OPERATORS[type(op)][in_place]
    return ctl_bounds.checked(tried(lambda: work(a, b), line), line)


def compare(op: ast.cmpop, a: Any, b: Any, budget: WorkBudget, line: int) -> bool:
    """`a op b`."""
    if isinstance(op, ast.Is | ast.IsNot):
        if not any(value is None or isinstance(value, bool) for value in (a, b)):
            raise sourced.mistake(line, "is compares only with None, True and False; use ==")
    else:
        budget.weigh(a, line)
        if not (isinstance(op, ast.In | ast.NotIn) and isinstance(b, dict)):
            budget.weigh(b, line)
    return tried(lambda: _COMPARISONS[type(op)](a, b), line)


def item(container: Any, key: Any, budget: WorkBudget, line: int) -> Any:
    """`container[key]`, where `key` may be a slice."""
    if isinstance(key, slice) and isinstance(container, str | list | tuple):
        budget.spend(_size(container), line)
    return tried(lambda: operator.getitem(container, key), line)


def set_item(container: Any, key: Any, value: Any, budget: WorkBudget, line: int) -> None:
    """`container[key] = value`."""
    if isinstance(container, dict):
        ctl_bounds.check_key(key, line)
    budget.spend(ITEM, line)
    tried(lambda: operator.setitem(container, key, value), line)


def tried(work: Callable[[], Any], line: int) -> Any:
    """Calls `work` and returns its value; turns Python's exceptions into ValueError."""
    try:
        return work()
    except ctl_bounds.FAILURES as error:
        raise sourced.mistake(line, ctl_bounds.reason(error)) from None


def _size(value: Any) -> int:
    return len(value) * (1 if isinstance(value, str) else ITEM)
