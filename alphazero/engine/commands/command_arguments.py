"""Parser of GTP command arguments. Invalid ones fail with "syntax error", as GTP 2 requires."""

import math
import re
from collections.abc import Sequence

from alphazero.engine import protocol
from alphazero.go import rules, symmetry

COLORS = {"b": rules.BLACK, "black": rules.BLACK, "w": rules.WHITE, "white": rules.WHITE}
"""Colour names of GTP, in lower case."""
_SECONDS = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")


def only(arguments: Sequence[str]) -> str:
    """Returns the argument of a command that takes exactly one."""
    require(len(arguments) == 1)
    return arguments[0]


def color(name: str) -> int:
    """Returns BLACK or WHITE by name."""
    require(name.lower() in COLORS)
    return COLORS[name.lower()]


def color_and_action(arguments: Sequence[str], size: int) -> tuple[int, int]:
    """Parses a colour and a point or pass. The move need not be legal."""
    require(len(arguments) == 2)
    try:
        return color(arguments[0]), rules.parse_move(arguments[1], size)
    except ValueError:
        raise protocol.CommandError("syntax error") from None


def integer(text: str) -> int:
    """Parses an integer from 0 to 999,999,999. No GTP command has a use for a larger one."""
    require(text.isascii() and text.isdigit() and len(text) < 10)
    return int(text)


def seconds(text: str) -> float:
    """Parses a time. A negative time counts as 0: servers send it when a clock has run out."""
    require(_SECONDS.fullmatch(text) is not None)
    return max(0.0, float(text))


def count(text: str) -> int:
    """Parses a number of stones or periods. A negative number counts as 0."""
    number = integer(text.removeprefix("-"))
    return 0 if text.startswith("-") else number


def komi(text: str) -> float:
    """Rounds a number to the nearest multiple of one half. A tie goes to the one that rules out a draw."""
    try:
        value = float(text)
    except ValueError:
        raise protocol.CommandError("syntax error") from None
    if not abs(value) <= rules.MOST_KOMI:  # true for "nan" too
        most = rules.MOST_KOMI
        raise protocol.CommandError(f"unacceptable komi {value:g}: must be a number from -{most} to {most}")
    halves = 2 * value
    below = math.floor(halves)
    if halves - below == 0.5:
        return (below if below % 2 else below + 1) / 2
    return round(halves) / 2


def symmetries(choice: str) -> Sequence[int]:
    """Parses a symmetry from 0 to 7, or "all"."""
    if choice == "all":
        return range(symmetry.NUM_SYMMETRIES)
    s = integer(choice)
    require(s < symmetry.NUM_SYMMETRIES)
    return [s]


def require(is_in_order: bool) -> None:
    """Fails the command unless `is_in_order`."""
    if not is_in_order:
        raise protocol.CommandError("syntax error")
