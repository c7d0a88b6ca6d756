"""Boards as text, for messages and terminals.

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
