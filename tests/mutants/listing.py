"""List of mutants."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parents[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """One bug."""

    name: str
    file: str
    """File with the bug, relative to the project's root."""
    old: str
    """Correct text, which occurs in the file exactly once."""
    new: str
    """Wrong text that replaces it."""
    tests: list[str]
    """Fast tests, `file::function`, each of which must fail in at least one of its cases."""
    why: str
    """Effect of the bug if no test found it."""


def load() -> list[Mutant]:
    """All bugs, in the order of the files."""
    tables = [tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))]
    return [Mutant(**mutant) for table in tables for mutant in table["mutant"]]


def mutated(mutant: Mutant, project: Path = PROJECT) -> str:
    """The text of `mutant.file` with the bug; raises ValueError unless the old text occurs exactly once."""
    source = (project / mutant.file).read_text()
    count = source.count(mutant.old)
    if count != 1:
        raise ValueError(f"{mutant.name}: the old text occurs {count} times in {mutant.file}:\n{mutant.old}")
    return source.replace(mutant.old, mutant.new)
