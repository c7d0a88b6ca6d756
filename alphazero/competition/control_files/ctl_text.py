"""Text formatting in control files by `%`, format() and f-strings, with bounded widths and no attributes."""

import re
import string
from typing import Any

from alphazero.competition.control_files import ctl_bounds, sourced

_NUMBER = r"\d{0,3}(?:\.\d{0,3})?"
_PERCENT = re.compile(rf"%(?:\((?P<name>[^()]*)\))?(?:[-+ #0]{{0,5}}{_NUMBER}[sdifeEgGrxXo]|%)")
_PERCENT_ALLOWED = "% formatting supports %s, %r, %d, %i, %x, %o, %f, %e and %g, widths below 1000, and names"
_SPEC = re.compile(r"(?:[^{}]?[<>=^])?[-+ ]?\#?0?\d{0,3}[,_]?(?:\.\d{0,3})?[sdfFeEgGxXob%]?")
_SPEC_ALLOWED = "a format may have an alignment, a sign, a width below 1000 and a type such as d, s, f or x"
_FIELD = re.compile(r"(?:[^\W\d]\w*|\d{0,3})")
_WIDEST = 3000
"""Upper bound of the width and precision of a field together, with signs and separators."""


def percent(text: str, values: Any, budget: ctl_bounds.WorkBudget, line: int) -> str:
    """`text % values`."""
    weight = budget.weigh(values, line)
    matches = list(_PERCENT.finditer(text))
    if "%" in _PERCENT.sub("", text):
        raise sourced.mistake(line, _PERCENT_ALLOWED)
    repeats = len(matches) if isinstance(values, dict) else 1
    budget.check(len(text) + _WIDEST * len(matches) + weight * repeats, line)
    return _paid(lambda: text % values, budget, line)


def formatted(text: str, args: list, kwargs: dict, budget: ctl_bounds.WorkBudget, line: int) -> str:
    """`text.format(*args, **kwargs)`."""
    budget.spend(len(text), line)
    try:
        fields = [field for field in string.Formatter().parse(text) if field[1] is not None]
    except ValueError as error:
        raise sourced.mistake(line, ctl_bounds.reason(error)) from None
    for _, name, spec, _ in fields:
        if not _FIELD.fullmatch(name or ""):
            raise sourced.mistake(line, f"{{{name}}}: a format field must be a name or a number")
        _check_spec(spec or "", line)
    weight = budget.weigh(args, line) + budget.weigh(kwargs, line)
    budget.check(len(text) + len(fields) * (_WIDEST + weight), line)
    return _paid(lambda: text.format(*args, **kwargs), budget, line)


def field(value: Any, conversion: int, spec: str, budget: ctl_bounds.WorkBudget, line: int) -> str:
    """The text that replaces `{value!conversion:spec}` in an f-string."""
    _check_spec(spec, line)
    budget.check(_WIDEST + budget.weigh(value, line), line)
    if conversion != -1:
        text = {"s": str, "r": repr, "a": ascii}[chr(conversion)](value)
        return _paid(lambda: format(text, spec), budget, line)
    return _paid(lambda: format(value, spec), budget, line)


def _check_spec(spec: str, line: int) -> None:
    if not _SPEC.fullmatch(spec):
        raise sourced.mistake(line, _SPEC_ALLOWED)


def _paid(work: Any, budget: ctl_bounds.WorkBudget, line: int) -> str:
    try:
        text = work()
    except ctl_bounds.FAILURES as error:
        raise sourced.mistake(line, ctl_bounds.reason(error)) from None
    budget.spend(len(text), line)
    return text
