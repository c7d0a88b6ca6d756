"""Arguments of GTP commands: what is not in order fails with "syntax error", as GTP 2 asks for."""

import math
import re
from collections.abc import Sequence

from alphazero.engine import protocol
from alphazero.go import rules, symmetry

COLORS = {"b": rules.BLACK, "black": rules.BLACK, "w": rules.WHITE, "white": rules.WHITE}
"""GTP's names of colours, in lower case."""
_SECONDS = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")


def only(arguments: Sequence[str]) -> str:
    """The argument of a command that takes one."""
    require(len(arguments) == 1)
    return arguments[0]


def color(name: str) -> int:
    """BLACK or WHITE by its name."""
    require(name.lower() in COLORS)
    return COLORS[name.lower()]


def color_and_action(arguments: Sequence[str], size: int) -> tuple[int, int]:
    """A colour and a point or pass, which need not be legal."""
    require(len(arguments) == 2)
    try:
        return color(arguments[0]), rules.parse_move(arguments[1], size)
    except ValueError:
        raise protocol.Failure("syntax error") from None


def integer(text: str) -> int:
    """A number from 0 to 999,999,999: beyond that it is a mistake wherever GTP has one."""
    require(text.isascii() and text.isdigit() and len(text) < 10)
    return int(text)


def seconds(text: str) -> float:
    """A time; what is below zero is no time, since servers send that of a clock that has run out."""
    require(_SECONDS.fullmatch(text) is not None)
    return max(0.0, float(text))


def count(text: str) -> int:
    """A number of stones or periods; below zero is none."""
    number = integer(text.removeprefix("-"))
    return 0 if text.startswith("-") else number


def komi(text: str) -> float:
    """The multiple of one half nearest to a number; a tie goes to the one that allows no draw."""
    try:
        value = float(text)
    except ValueError:
        raise protocol.Failure("syntax error") from None
    if not abs(value) <= rules.MOST_KOMI:  # neither is "nan"
        most = rules.MOST_KOMI
        raise protocol.Failure(f"unacceptable komi {value:g}: must be a number from -{most} to {most}")
    halves = 2 * value
    below = math.floor(halves)
    if halves - below == 0.5:
        return (below if below % 2 else below + 1) / 2
    return round(halves) / 2


def symmetries(choice: str) -> Sequence[int]:
    """The symmetries that a user asks for: 0 to 7, or all."""
    if choice == "all":
        return range(symmetry.NUM_SYMMETRIES)
    s = integer(choice)
    require(s < symmetry.NUM_SYMMETRIES)
    return [s]


def require(is_in_order: bool) -> None:
    """Fails the command unless `is_in_order`."""
    if not is_in_order:
        raise protocol.Failure("syntax error")
