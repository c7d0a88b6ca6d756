"""Settings of a control file one by one: their places, and what turns values into what we work with.

A converter takes an `Entry` and returns its value, or raises ValueError with line, place, value and what
is allowed.
"""

import math
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from alphazero.competition import sourced
from alphazero.config import mistakes
from alphazero.go import rules

_T = TypeVar("_T")
_E = TypeVar("_E", bound=Enum)
_LONGEST_S = 1e8  # three years; more is more than timers take
_IDENTIFIER = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-!$%&*+.:;<=>?^_~")
_LONGEST_IDENTIFIER = 64  # they become names of files


@dataclass(frozen=True, slots=True)
class Entry:
    """A value and its place, such as players.gnugo.command or matchups.0.komi."""

    place: str
    source: sourced.Sourced

    @property
    def value(self) -> Any:
        """As `sourced.Sourced` has it."""
        return self.source.value

    def must_be(self, allowed: str) -> ValueError:
        """The mistake of a value that is not allowed."""
        text = f"{self.place}={sourced.shown(self.source.plain())}: must be {allowed}"
        return sourced.mistake(self.source.line, text)

    def mistake(self, text: str) -> ValueError:
        """Another mistake in this place."""
        return sourced.mistake(self.source.line, f"{self.place}: {text}")

    def parts(self) -> list["Entry"]:
        """The items of a list."""
        return [Entry(f"{self.place}.{index}", part) for index, part in enumerate(self.value)]


Converter = Callable[[Entry], _T]
Table = dict[str, Entry]
"""Settings that are there, by name."""


def table(entry: Entry, known: Collection[str]) -> Table:
    """A mapping whose keys are among the `known` ones."""
    found: Table = {}
    for key, source in entry.value.items():
        place = f"{entry.place}.{key}"
        if not isinstance(key, str) or not key.isidentifier():
            raise sourced.mistake(source.line, f"{entry.place}: {sourced.shown(key)} is no name of a setting")
        if key not in known:
            raise sourced.mistake(source.line, mistakes.unknown_key(place, known))
        found[key] = Entry(place, source)
    return found


def convert(settings: Table, converters: dict[str, Converter[Any]]) -> dict[str, Any]:
    """The values of those settings that are there and have a converter."""
    return {name: converters[name](entry) for name, entry in settings.items() if name in converters}


def optional(converter: Converter[_T], unset: Any = None) -> Converter[_T | Any]:
    """Also takes None, for `unset`."""
    return lambda entry: unset if entry.value is None else converter(entry)


def flag(entry: Entry) -> bool:
    """True or false."""
    if not isinstance(entry.value, bool):
        raise entry.must_be("True or False")
    return entry.value


def whole(least: int, most: int = rules.UNLIMITED, note: str = "") -> Converter[int]:
    """A whole number of a range; `note` explains the range."""

    def converter(entry: Entry) -> int:
        value = entry.value
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            span = f"at least {least}" if most == rules.UNLIMITED else f"from {least} to {most}"
            raise entry.must_be(f"a whole number, {span}{note}")
        return value

    return converter


def komi(entry: Entry) -> float:
    """A multiple of one half that some board has points for."""
    value = entry.value
    if not _is_number(value) or abs(value) > rules.MOST_KOMI or 2 * value != math.floor(2 * value):
        raise entry.must_be(f"a multiple of one half from {-rules.MOST_KOMI} to {rules.MOST_KOMI}")
    return float(value)


def seconds(entry: Entry) -> float:
    """A time limit."""
    if not _is_number(entry.value) or not 0 < entry.value <= _LONGEST_S:
        raise entry.must_be(f"a number of seconds greater than 0 and at most {_LONGEST_S:g}")
    return float(entry.value)


def choice(kind: type[_E]) -> Converter[_E]:
    """One of the values of an enumeration."""

    def converter(entry: Entry) -> _E:
        names = [member.value for member in kind]
        if not isinstance(entry.value, str) or entry.value not in names:
            raise entry.must_be(" or ".join(names))
        return kind(entry.value)

    return converter


def text(entry: Entry) -> str:
    """Lines of printable text, without white space around them."""
    if not isinstance(entry.value, str) or not _is_printable(entry.value, "\n\t"):
        raise entry.must_be("text without control characters")
    return entry.value.strip()


def line(entry: Entry) -> str:
    """A line of printable text, not empty."""
    if not isinstance(entry.value, str) or not entry.value.strip() or not _is_printable(entry.value):
        raise entry.must_be("a line of text without control characters")
    return entry.value


def identifier(entry: Entry) -> str:
    """A short name that can be part of a file's name: gomill's identifiers but "." and ".."."""
    value = entry.value
    if isinstance(value, int) and not isinstance(value, bool):
        raise entry.must_be("text; put it in quotes")
    if not isinstance(value, str) or not is_identifier(value):
        raise entry.must_be(
            f"1 to {_LONGEST_IDENTIFIER} of the characters a-z A-Z 0-9 - ! $ % & * + . : ; < = > ? ^ _ ~, "
            "and not . or .."
        )
    return value


def is_identifier(value: str) -> bool:
    """Whether `identifier` takes it."""
    return 0 < len(value) <= _LONGEST_IDENTIFIER and set(value) <= _IDENTIFIER and value not in (".", "..")


def items(entry: Entry) -> list[Entry]:
    """A list."""
    if not isinstance(entry.value, list | tuple):
        raise entry.must_be("a list")
    return entry.parts()


def texts(allowed: str, is_key: Callable[[str], bool], is_value: Callable[[str], bool]) -> Converter[dict]:
    """A mapping of text to text."""

    def converter(entry: Entry) -> dict[str, str]:
        if not isinstance(entry.value, dict):
            raise entry.must_be(f"a mapping of {allowed}")
        for key, source in entry.value.items():
            value = source.value
            if (
                not isinstance(key, str)
                or not isinstance(value, str)
                or not is_key(key)
                or not is_value(value)
            ):
                pair = f"{sourced.shown(key)}: {sourced.shown(source.plain())}"
                raise sourced.mistake(source.line, f"{entry.place}: {pair}: must be {allowed}")
        return entry.source.plain()

    return converter


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_printable(value: str, besides: str = "") -> bool:
    """Whether the text has no control characters and ends of lines but those `besides`."""
    return all(char in besides or unicodedata.category(char) not in ("Cc", "Zl", "Zp") for char in value)
