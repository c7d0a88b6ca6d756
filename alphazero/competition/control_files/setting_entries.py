"""Single settings of a control file, and the converters that check their values.

A converter takes a `SettingEntry` and returns the converted value. It raises ValueError with the line, the
place, the value and the allowed values.
"""

import math
import unicodedata
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from alphazero.competition.control_files import sourced
from alphazero.config import mistakes
from alphazero.go import rules

_T = TypeVar("_T")
_E = TypeVar("_E", bound=Enum)
_LONGEST_S = 1e8  # three years; timers overflow above that
_IDENTIFIER = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-!$%&*+.:;<=>?^_~")
_LONGEST_IDENTIFIER = 64  # identifiers become parts of file names


@dataclass(frozen=True, slots=True)
class SettingEntry:
    """A value and its place, such as players.gnugo.command or matchups.0.komi."""

    place: str
    source: sourced.Sourced

    @property
    def value(self) -> Any:
        """The value of `source`."""
        return self.source.value

    def must_be(self, allowed: str) -> ValueError:
        """The error for a value that is not allowed."""
        text = f"{self.place}={sourced.shown(self.source.plain())}: must be {allowed}"
        return sourced.mistake(self.source.line, text)

    def mistake(self, text: str) -> ValueError:
        """Another error at this place."""
        return sourced.mistake(self.source.line, f"{self.place}: {text}")

    def parts(self) -> list["SettingEntry"]:
        """The items of a list as entries."""
        return [SettingEntry(f"{self.place}.{index}", part) for index, part in enumerate(self.value)]


Converter = Callable[[SettingEntry], _T]
Table = dict[str, SettingEntry]
"""The given settings by name."""


def table(entry: SettingEntry, known: Collection[str]) -> Table:
    """The entries of a mapping; raises ValueError for keys that are not `known`."""
    found: Table = {}
    for key, source in entry.value.items():
        place = f"{entry.place}.{key}"
        if not isinstance(key, str) or not key.isidentifier():
            raise sourced.mistake(
                source.line, f"{entry.place}: {sourced.shown(key)} is not the name of a setting"
            )
        if key not in known:
            raise sourced.mistake(source.line, mistakes.unknown_key(place, known))
        found[key] = SettingEntry(place, source)
    return found


def convert(settings: Table, converters: dict[str, Converter[Any]]) -> dict[str, Any]:
    """The converted values of the given settings; ignores settings without a converter."""
    return {name: converters[name](entry) for name, entry in settings.items() if name in converters}


def optional(converter: Converter[_T], unset: Any = None) -> Converter[_T | Any]:
    """A converter that returns `unset` for None."""
    return lambda entry: unset if entry.value is None else converter(entry)


def flag(entry: SettingEntry) -> bool:
    """True or false."""
    if not isinstance(entry.value, bool):
        raise entry.must_be("True or False")
    return entry.value


def whole(least: int, most: int = rules.UNLIMITED, note: str = "") -> Converter[int]:
    """A whole number from `least` to `most`; `note` explains the range in the error."""

    def converter(entry: SettingEntry) -> int:
        value = entry.value
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            span = f"at least {least}" if most == rules.UNLIMITED else f"from {least} to {most}"
            raise entry.must_be(f"a whole number, {span}{note}")
        return value

    return converter


def komi(entry: SettingEntry) -> float:
    """A multiple of one half, at most as large as a board can have points."""
    value = entry.value
    if not _is_number(value) or abs(value) > rules.MOST_KOMI or 2 * value != math.floor(2 * value):
        raise entry.must_be(f"a multiple of one half from {-rules.MOST_KOMI} to {rules.MOST_KOMI}")
    return float(value)


def seconds(entry: SettingEntry) -> float:
    """A positive number of seconds."""
    if not _is_number(entry.value) or not 0 < entry.value <= _LONGEST_S:
        raise entry.must_be(f"a number of seconds greater than 0 and at most {_LONGEST_S:g}")
    return float(entry.value)


def choice(kind: type[_E]) -> Converter[_E]:
    """One of the values of an enumeration."""

    def converter(entry: SettingEntry) -> _E:
        names = [member.value for member in kind]
        if not isinstance(entry.value, str) or entry.value not in names:
            raise entry.must_be(" or ".join(names))
        return kind(entry.value)

    return converter


def text(entry: SettingEntry) -> str:
    """Printable text of any number of lines, stripped of surrounding white space."""
    if not isinstance(entry.value, str) or not _is_printable(entry.value, "\n\t"):
        raise entry.must_be("text without control characters")
    return entry.value.strip()


def line(entry: SettingEntry) -> str:
    """A non-empty line of printable text."""
    if not isinstance(entry.value, str) or not entry.value.strip() or not _is_printable(entry.value):
        raise entry.must_be("a line of text without control characters")
    return entry.value


def identifier(entry: SettingEntry) -> str:
    """A short name that can be part of a file's name: gomill's identifiers except "." and ".."."""
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
    """Whether `identifier` accepts the text."""
    return 0 < len(value) <= _LONGEST_IDENTIFIER and set(value) <= _IDENTIFIER and value not in (".", "..")


def items(entry: SettingEntry) -> list[SettingEntry]:
    """The items of a list or tuple."""
    if not isinstance(entry.value, list | tuple):
        raise entry.must_be("a list")
    return entry.parts()


def texts(allowed: str, is_key: Callable[[str], bool], is_value: Callable[[str], bool]) -> Converter[dict]:
    """A mapping of text to text. allowed: "KEYS to VALUES", for the error."""

    def converter(entry: SettingEntry) -> dict[str, str]:
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
                raise sourced.mistake(source.line, f"{entry.place}: {pair}: must map {allowed}")
        return entry.source.plain()

    return converter


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_printable(value: str, besides: str = "") -> bool:
    """Whether the text has no control characters and line ends other than those in `besides`."""
    return all(char in besides or unicodedata.category(char) not in ("Cc", "Zl", "Zp") for char in value)
