"""Functions and methods of Python that control files may call, on plain values and within a budget.

Results that are lazy in Python 3, such as range() and dict.items(), are lists here. gomill runs on Python 2,
where they are lists as well.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from alphazero.competition.control_files import ctl_bounds, ctl_text, sourced
from alphazero.competition.control_files.ctl_bounds import ITEM, WorkBudget


class Call(NamedTuple):
    """Arguments of a call, and the budget that is charged for it."""

    args: list[Any]
    kwargs: dict[str, Any]
    budget: WorkBudget
    line: int


class Callee(NamedTuple):
    """A function and the arguments that it takes."""

    work: Callable[..., Any]
    most: float  # positional arguments
    least: int = 0
    names: tuple[str, ...] | None = ()  # of keyword arguments; None for any


def items(value: Any, budget: WorkBudget, line: int) -> list[Any]:
    """`list(value)`."""
    check_iterable(value, line)
    budget.spend(ITEM * len(value), line)
    return list(value)


def check_iterable(value: Any, line: int) -> None:
    """Raises ValueError if a loop cannot iterate over `value`."""
    if not isinstance(value, str | list | tuple | dict):
        raise sourced.mistake(line, f"{type(value).__name__!r} object is not iterable")


def pairs(value: Any, budget: WorkBudget, line: int) -> dict[Any, Any]:
    """`dict(value)`."""
    if isinstance(value, dict):
        budget.spend(ITEM * len(value), line)
        return dict(value)
    made = {}
    for item in items(value, budget, line):
        pair = items(item, budget, line)
        if len(pair) != 2:
            raise sourced.mistake(line, "dict(...) takes pairs of a key and a value")
        ctl_bounds.check_key(pair[0], line)
        made[pair[0]] = pair[1]
    return made


def call(name: str, callee: Callee, owner: tuple[Any, ...], called: Call) -> Any:
    """The value of a call. owner: the object of a method, empty for a function."""
    if not callee.least <= len(called.args) <= callee.most:
        span = f"{callee.least}" if callee.least == callee.most else f"{callee.least} to {callee.most}"
        raise sourced.mistake(called.line, f"{name}(...) takes {span} positional arguments")
    for keyword in called.kwargs:
        if callee.names is not None and keyword not in callee.names:
            raise sourced.mistake(called.line, f"{name}(...) does not take {keyword}=")
    try:
        value = callee.work(*owner, called)
    except ctl_bounds.FAILURES as error:
        if isinstance(error, sourced.Mistake):
            raise
        raise sourced.mistake(called.line, ctl_bounds.reason(error)) from None
    if isinstance(value, str):
        called.budget.spend(len(value), called.line)
    return ctl_bounds.checked(value, called.line)


def _str(called: Call) -> str:
    for value in called.args:
        called.budget.check(called.budget.weigh(value, called.line), called.line)
    return str(*called.args)


def _number(kind: type) -> Callable[[Call], Any]:
    def work(called: Call) -> Any:
        called.budget.spend(sum(len(value) for value in called.args if isinstance(value, str)), called.line)
        return kind(*called.args)

    return work


def _len(called: Call) -> int:
    return len(called.args[0])


def _range(called: Call) -> list[int]:
    numbers = range(*called.args)
    called.budget.spend(ITEM * len(numbers), called.line)
    return list(numbers)


def _list(called: Call) -> list[Any]:
    return items(called.args[0], called.budget, called.line) if called.args else []


def _dict(called: Call) -> dict[Any, Any]:
    made = pairs(called.args[0], called.budget, called.line) if called.args else {}
    return made | called.kwargs


def _sorted(called: Call) -> list[Any]:
    values = items(called.args[0], called.budget, called.line)
    weight = called.budget.weigh(values, called.line)
    called.budget.spend(weight // 8 * len(values).bit_length(), called.line)
    return sorted(values, **called.kwargs)


def _zip(called: Call) -> list[Any]:
    lists = [items(value, called.budget, called.line) for value in called.args]
    return list(zip(*lists, strict=False))


def _enumerate(called: Call) -> list[Any]:
    values = items(called.args[0], called.budget, called.line)
    called.budget.spend(ITEM * len(values), called.line)
    return list(enumerate(values, *called.args[1:], **called.kwargs))


def _format(text: str, called: Call) -> str:
    return ctl_text.formatted(text, called.args, called.kwargs, called.budget, called.line)


def _join(text: str, called: Call) -> str:
    parts = items(called.args[0], called.budget, called.line)
    lengths = (len(part) for part in parts if isinstance(part, str))
    called.budget.check(len(text) * len(parts) + sum(lengths), called.line)
    return text.join(parts)


def _replace(text: str, called: Call) -> str:
    longest = max((len(part) for part in called.args if isinstance(part, str)), default=0)
    called.budget.check((len(text) + 1) * (longest + 1), called.line)
    return text.replace(*called.args)


def _split(text: str, called: Call) -> list[str]:
    called.budget.check(ITEM * (len(text) + 1), called.line)
    parts = text.split(*called.args)
    called.budget.spend(len(text) + ITEM * len(parts), called.line)
    return parts


def _of_text(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method whose result is at most three times as long as the text."""

    def work(text: str, called: Call) -> Any:
        called.budget.spend(3 * len(text), called.line)
        return method(text, *called.args)

    return work


def _append(values: list[Any], called: Call) -> None:
    called.budget.spend(ITEM, called.line)
    values.append(called.args[0])


def _extend(values: list[Any], called: Call) -> None:
    values.extend(items(called.args[0], called.budget, called.line))


def _copy(values: list[Any] | dict[Any, Any], called: Call) -> Any:
    called.budget.spend(ITEM * len(values), called.line)
    return values.copy()


def _update(values: dict[Any, Any], called: Call) -> None:
    values.update(_dict(called))


def _entries(values: dict[Any, Any], called: Call) -> list[Any]:
    called.budget.spend(3 * ITEM * len(values), called.line)
    return list(values.items())


MAKERS = {"Player": ("command",), "Matchup": ("player_1", "player_2")}
"""Functions that return records -> names of their positional arguments."""
FUNCTIONS = {
    "str": Callee(_str, 1),
    "int": Callee(_number(int), 1),
    "float": Callee(_number(float), 1),
    "len": Callee(_len, 1, 1),
    "range": Callee(_range, 3, 1),
    "list": Callee(_list, 1),
    "tuple": Callee(lambda called: tuple(_list(called)), 1),
    "dict": Callee(_dict, 1, names=None),
    "sorted": Callee(_sorted, 1, 1, names=("reverse",)),
    "zip": Callee(_zip, float("inf")),
    "enumerate": Callee(_enumerate, 2, 1, names=("start",)),
    "print": Callee(lambda called: None, float("inf"), names=None),
}
METHODS: dict[type, dict[str, Callee]] = {
    str: {
        "format": Callee(_format, float("inf"), names=None),
        "join": Callee(_join, 1, 1),
        "replace": Callee(_replace, 2, 2),
        "split": Callee(_split, 2),
        "lower": Callee(_of_text(str.lower), 0),
        "upper": Callee(_of_text(str.upper), 0),
        "strip": Callee(_of_text(str.strip), 1),
        "startswith": Callee(_of_text(str.startswith), 1, 1),
        "endswith": Callee(_of_text(str.endswith), 1, 1),
    },
    list: {
        "append": Callee(_append, 1, 1),
        "extend": Callee(_extend, 1, 1),
        "copy": Callee(_copy, 0),
    },
    dict: {
        "update": Callee(_update, 1, names=None),
        "items": Callee(_entries, 0),
        "keys": Callee(lambda values, called: items(values, called.budget, called.line), 0),
        "values": Callee(lambda values, called: list(_copy(values, called).values()), 0),
        "get": Callee(lambda values, called: values.get(*called.args), 2, 1),
        "copy": Callee(_copy, 0),
    },
}
TAKE_GENERATORS = ("list", "tuple", "sorted", "dict", "zip", "enumerate", "join", "extend", "update")
"""Functions that consume their argument at once, so that a generator is equivalent to a list."""
