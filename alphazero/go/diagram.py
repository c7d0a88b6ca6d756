"""Boards as text, for messages, tests and terminals.

2 O .
1 . X
  A B
"""

import math
from typing import Protocol

import numpy as np

from alphazero.go import rules

SYMBOLS = ".XO"
"""EMPTY, BLACK, WHITE."""


class Position(Protocol):
    """The part of a game that a diagram shows."""

    @property
    def stones(self) -> np.ndarray:
        """[P] int8."""
        ...

    @property
    def last_move(self) -> int:
        """The newest action, or NO_MOVE."""
        ...


def render(position: np.ndarray | Position, last_move: int = rules.NO_MOVE) -> str:
    """Text of a board with the names of its rows and columns. The last move is in parentheses.

    position: a game, or stones [P] or [P + 1] int8. last_move: used with stones only.
    """
    if isinstance(position, np.ndarray):
        stones = position
    else:
        stones, last_move = position.stones, position.last_move
    size = math.isqrt(len(stones))
    lines = []
    for y in reversed(range(size)):
        symbols = " ".join(SYMBOLS[content] for content in stones[y * size : (y + 1) * size])
        row, x = f" {symbols} ", last_move - y * size
        if 0 <= x < size:
            row = f"{row[: 2 * x]}({row[2 * x + 1]}){row[2 * x + 3 :]}"
        lines.append(f"{y + 1:3}{row}".rstrip())
    lines.append("    " + " ".join(rules.COLUMNS[:size]))
    return "\n".join(lines)


def parse(text: str) -> np.ndarray:
    """Reads the stones [P + 1] int8 from a diagram.

    The diagram may lack the names of rows and columns and the mark of the last move. ValueError if the board
    is not square.
    """
    rows = []
    for line in text.strip("\n").splitlines():
        cells = line.replace("(", " ").replace(")", " ").split()
        points = [cell for cell in cells if not cell.isdigit()]
        if points and all(cell in SYMBOLS for cell in points):
            rows.append([SYMBOLS.index(cell) for cell in points])
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
