"""Diagrams in tests: boards from text, and texts next to one another."""

import numpy as np

from alphazero.go import diagram, rules


def parse(text: str) -> np.ndarray:
    """Reads the stones [P + 1] int8 from a diagram.

    The diagram may lack the names of rows and columns and the mark of the last move. ValueError if the board
    is not square.
    """
    rows = []
    for line in text.strip("\n").splitlines():
        cells = line.replace("(", " ").replace(")", " ").split()
        points = [cell for cell in cells if not cell.isdigit()]
        if points and all(cell in diagram.SYMBOLS for cell in points):
            rows.append([diagram.SYMBOLS.index(cell) for cell in points])
    size = len(rows)
    if not size or any(len(row) != size for row in rows):
        raise ValueError(f"not the diagram of a square board:\n{text}")
    return np.array([*np.array(rows[::-1]).ravel(), rules.WALL], np.int8)


def side_by_side(*texts: str, gap: str = "    ") -> str:
    """Puts texts next to one another, for instance two diagrams that should be equal."""
    columns = [text.splitlines() for text in texts]
    widths = [max(map(len, column), default=0) for column in columns]
    height = max(map(len, columns))
    lines = []
    for row in range(height):
        cells = [column[row] if row < len(column) else "" for column in columns]
        lines.append(gap.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    return "\n".join(lines)
