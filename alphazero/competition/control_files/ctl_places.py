"""Line numbers of the values of a control file, stored beside the values."""

from typing import Any

from alphazero.competition.control_files import ctl_bounds, sourced
from alphazero.competition.control_files.sourced import Sourced


class Places:
    """Line numbers of lists, dictionaries and records, and of their items."""

    def __init__(self) -> None:
        self._kept: list[Any] = []  # keeps the objects alive, so that their ids stay unique
        self._lines: dict[int, int] = {}
        self._parts: dict[tuple[int, Any], int] = {}

    def note(self, container: Any, line: int) -> Any:
        """Records the line where `container` is created, and returns it."""
        self._kept.append(container)
        self._lines[id(container)] = line
        return container

    def note_part(self, container: Any, key: Any, line: int) -> None:
        """Records the line where an item is stored in a container. key: its index or key."""
        if id(container) not in self._lines:
            self.note(container, line)
        self._parts[id(container), key] = line

    def sourced(self, name_lines: dict[str, int], values: dict[str, Any]) -> dict[str, Sourced]:
        """The values of a file's names, with the lines of all their parts."""
        conversion = _Conversion(self)
        return {
            name: conversion.of(value, name_lines[name]).at(name_lines[name])
            for name, value in values.items()
        }

    def of_part(self, container: Any, key: Any, part: Any, otherwise: int) -> int:
        """The line of an item: where it was stored, else where it was created, else `otherwise`."""
        line = self._parts.get((id(container), key))
        return line if line is not None else self.of(part, otherwise)

    def of(self, container: Any, otherwise: int) -> int:
        """The line where a container was created, else `otherwise`."""
        return self._lines.get(id(container), otherwise)


class _Conversion:
    """Converts the values of one file to Sourced, each object once."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._allowance = sourced.Allowance()
        self._made: dict[int, Sourced | None] = {}

    def of(self, value: Any, line: int) -> Sourced:
        if not isinstance(value, list | tuple | dict | ctl_bounds.CallRecord):
            return self._allowance.make(value, line)
        line = self._places.of(value, line)
        if id(value) in self._made:
            made = self._made[id(value)]
            if made is None:
                raise sourced.mistake(line, "refers to itself")
            return made
        self._made[id(value)] = None  # conversion in progress
        made = self._container(value, line)
        self._made[id(value)] = made
        return made

    def _container(self, value: Any, line: int) -> Sourced:
        if isinstance(value, list | tuple):
            parts = [self._part(value, index, part, line) for index, part in enumerate(value)]
            return self._allowance.make(type(value)(parts), line)
        pairs = value.values if isinstance(value, ctl_bounds.CallRecord) else value
        maker = value.maker if isinstance(value, ctl_bounds.CallRecord) else ""
        parts = {key: self._part(value, key, part, line) for key, part in pairs.items()}
        return self._allowance.make(parts, line, maker)

    def _part(self, container: Any, key: Any, part: Any, line: int) -> Sourced:
        line = self._places.of_part(container, key, part, line)
        return self.of(part, line).at(line)
