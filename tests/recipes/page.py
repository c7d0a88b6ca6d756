"""Recipes of docs/extending.md: their lists of files, and the changes that a reader makes.

A change is a code block under a line with the name of its file in backticks: "`FILE` (new):" before a whole
file, "`FILE`:" before a diff. A diff has no line numbers; lines that begin with @@ separate its hunks.
"""

import re
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "extending.md"
_BLOCK = re.compile(r"^`([^`]+)`( \(new\))?:\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)
_SUMMARY = re.compile(r"^\| \[(.+?)\]\(#.+?\) \| (\d+) \|", re.MULTILINE)


class Change(NamedTuple):
    """A new file, or a diff of a file that exists."""

    file: str
    is_new: bool
    text: str


class Recipe(NamedTuple):
    """One section of the page."""

    title: str
    files: list[str]
    """Files in the section's table."""
    changes: list[Change]


def read(text: str) -> dict[str, Recipe]:
    """Reads the recipes of a page, by title. A section without changes is not a recipe."""
    found = {}
    for section in text.split("\n## ")[1:]:
        title = section.partition("\n")[0]
        changes = [Change(file, bool(new), code) for file, new, _, code in _BLOCK.findall(section)]
        if changes:
            found[title] = Recipe(title, _ROW.findall(section), changes)
    return found


def num_files(text: str) -> dict[str, int]:
    """Numbers of files by the page's first table, by title."""
    return {title: int(number) for title, number in _SUMMARY.findall(text.partition("\n## ")[0])}


def follow(recipe: Recipe, project: Path) -> None:
    """Makes the changes in `project`. Raises ValueError if one does not fit."""
    for change in recipe.changes:
        path = project / change.file
        place = f"docs/extending.md, {recipe.title}, {change.file}"
        if path.exists() == change.is_new:
            raise ValueError(f"{place}: the file {'exists already' if change.is_new else 'does not exist'}")
        path.write_text(change.text if change.is_new else patched(path.read_text(), change.text, place))


def patched(text: str, diff: str, place: str) -> str:
    """Applies the hunks of a diff. Raises ValueError unless the old lines of each occur exactly once.

    place: a name for the diff in the error's message.
    """
    lines = text.splitlines()
    for hunk in re.split(r"^@@.*\n", diff, flags=re.MULTILINE):
        marked = [line or " " for line in hunk.splitlines()]  # editors strip the blank of an empty line
        if not marked:
            continue
        old = [line[1:] for line in marked if line[0] != "+"]
        starts = [start for start in range(len(lines)) if old and lines[start : start + len(old)] == old]
        if len(starts) != 1:
            found = "\n".join(old)
            raise ValueError(f"{place}: these lines occur {len(starts)} times instead of once:\n{found}")
        lines[starts[0] : starts[0] + len(old)] = [line[1:] for line in marked if line[0] != "-"]
    return "\n".join(lines) + "\n"
