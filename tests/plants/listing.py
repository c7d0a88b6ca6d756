"""The list of planted bugs."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parents[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plant:
    """One bug."""

    name: str
    file: str
    """Where it is planted, from the project's root."""
    old: str
    """Right text that stands there exactly once."""
    new: str
    """Wrong text in its place."""
    tests: list[str]
    """Fast tests, `file::function`, each of which must fail in at least one of its cases."""
    why: str
    """What would go wrong unnoticed."""


def load() -> list[Plant]:
    """All bugs, in the order of the files."""
    tables = [tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))]
    return [Plant(**plant) for table in tables for plant in table["plant"]]


def planted(plant: Plant, project: Path = PROJECT) -> str:
    """The text of `plant.file` with the bug; ValueError unless the old text stands there exactly once."""
    source = (project / plant.file).read_text()
    count = source.count(plant.old)
    if count != 1:
        raise ValueError(f"{plant.name}: the old text stands {count} times in {plant.file}:\n{plant.old}")
    return source.replace(plant.old, plant.new)
