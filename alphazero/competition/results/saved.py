"""Conversion of competitions to and from JSON, so that a folder can be read without its control file."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from alphazero.competition.control_files import settings


def to_json(competition: settings.Competition) -> Any:
    """The competition as dicts, lists, strings and numbers."""
    return _plain(competition)


def from_json(data: Any) -> settings.Competition:
    """The inverse of `to_json`; raises ValueError for other data."""
    try:
        return _rebuilt(settings.Competition, data)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a competition: {error}") from None


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def _rebuilt(kind: Any, value: Any) -> Any:
    """The inverse of `_plain` for a value of this type."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        (kind,) = (argument for argument in arguments if argument is not types.NoneType)
        return None if value is None else _rebuilt(kind, value)
    if origin is tuple:
        return tuple(_rebuilt(arguments[0], item) for item in value)
    if origin is Mapping:
        return {key: _rebuilt(arguments[1], item) for key, item in value.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _rebuilt(hints[name], item) for name, item in value.items()})
    return kind(value) if issubclass(kind, Enum | Path) else value
