"""Tables in plain text, in the layout of gomill's reports."""

from collections.abc import Sequence
from typing import NamedTuple


class Column(NamedTuple):
    """Cells from top to bottom; missing cells at the end are blank."""

    cells: Sequence[str]
    to_right: bool = False
    gap: int = 1  # blanks between this column and the next

    def cell(self, row: int, width: int) -> str:
        """The cell, padded to `width`, with the gap behind it."""
        text = self.cells[row] if row < len(self.cells) else ""
        return (text.rjust(width) if self.to_right else text.ljust(width)) + " " * self.gap


class Group(NamedTuple):
    """Columns under one heading."""

    heading: str
    columns: tuple[Column, ...]

    def widths(self) -> list[int]:
        """Widths of the columns; the first one grows if the heading is wider than all of them."""
        widths = [max(map(len, column.cells)) for column in self.columns]
        available = sum(widths) + sum(column.gap for column in self.columns) - 1
        widths[0] += max(0, len(self.heading) - available)
        return widths


def render(groups: Sequence[Group]) -> list[str]:
    """The line of headings and the rows, without trailing blanks and blank rows."""
    num_rows = max(len(column.cells) for group in groups for column in group.columns)
    headings, rows = "", [""] * num_rows
    for group in groups:
        start = len(headings)
        for column, width in zip(group.columns, group.widths(), strict=True):
            rows = [text + column.cell(row, width) for row, text in enumerate(rows)]
            start += width + column.gap
        headings = (headings + group.heading).ljust(start)
    return [headings.rstrip(), *(text.rstrip() for text in rows if text.strip())]
