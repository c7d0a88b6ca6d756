"""Conversion of competitions to and from JSON, so that a folder can be read without its control file."""

from pathlib import Path
from typing import Any

import msgspec

from alphazero.competition.control_files import settings


def to_json(competition: settings.Competition) -> Any:
    """The competition as dicts, lists, strings and numbers."""
    return msgspec.to_builtins(competition, enc_hook=str)


def from_json(data: Any) -> settings.Competition:
    """The inverse of `to_json`; raises ValueError for other data."""
    try:
        return msgspec.convert(data, settings.Competition, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise ValueError(f"not a competition: {error}") from None


def _path(kind: type, value: Any) -> Path:
    """A path, the only type of a setting that JSON and msgspec do not have."""
    assert kind is Path
    return Path(value)
