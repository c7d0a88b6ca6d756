"""Argument binding for calls in control files: the file's own functions, Player(...) and Matchup(...)."""

from typing import Any

from alphazero.competition.control_files import ctl_calls, sourced
from alphazero.competition.control_files.ctl_bounds import CallRecord, Function


def local_values(function: Function, called: ctl_calls.Call) -> dict[str, Any]:
    """The function's arguments by name."""
    name, arguments, line = function.node.name, function.node.args, called.line
    leading = [argument.arg for argument in arguments.args]
    named = {*leading, *(argument.arg for argument in arguments.kwonlyargs)}
    values: dict[str, Any] = dict(zip(leading, called.args, strict=False))
    others: list[Any] = called.args[len(leading) :]
    extra: dict[str, Any] = {}
    if others and arguments.vararg is None:
        raise sourced.mistake(line, f"{name}(...) takes at most {len(leading)} positional arguments")
    for key, value in called.kwargs.items():
        if key in values:
            raise sourced.mistake(line, f"{key} is given twice")
        if key not in named and arguments.kwarg is None:
            raise sourced.mistake(line, f"{name}(...) has no argument {key}")
        (values if key in named else extra)[key] = value
    missing = sorted(named - values.keys() - function.defaults.keys())
    if missing:
        raise sourced.mistake(line, f"{name}(...) needs the argument {missing[0]}")
    values = {**function.defaults, **values}
    if arguments.vararg is not None:
        values[arguments.vararg.arg] = tuple(others)
    if arguments.kwarg is not None:
        values[arguments.kwarg.arg] = extra
    return values


def record(maker: str, called: ctl_calls.Call, keyword_lines: dict[str | None, int]) -> CallRecord:
    """The record that Player(...) or Matchup(...) returns."""
    leading = ctl_calls.MAKERS[maker]
    if len(called.args) > len(leading):
        allowed = " and ".join(leading)
        raise sourced.mistake(called.line, f"{maker}(...) takes only {allowed} without a keyword")
    values: dict[str, Any] = dict(zip(leading, called.args, strict=False))
    for key, value in called.kwargs.items():
        if key in values:
            raise sourced.mistake(keyword_lines.get(key, called.line), f"{key} is given twice")
        values[key] = value
    return CallRecord(maker, values)
