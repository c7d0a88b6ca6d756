"""Text of the longer GTP answers, each in the format of the program that introduced the command.

P points, A = P + 1 actions. Point 0 is A1; the pass comes last (docs/conventions.md).
"""

import math
from collections.abc import Sequence

import numpy as np

from alphazero.engine import engine_search
from alphazero.go import rules


def all_legal(legal: np.ndarray, size: int) -> str:
    """Lists the legal points on one line as GNU Go does: top row first, without the pass. legal: [A]."""
    board = legal[:-1].reshape(size, size)
    rows = range(size - 1, -1, -1)
    return " ".join(
        rules.format_move(row * size + column, size)
        for row in rows
        for column in range(size)
        if board[row, column]
    )


def heatmap(policy: np.ndarray, stones: np.ndarray, value: float) -> str:
    """Formats the raw policy as Leela Zero does: thousandths, rounded down, top row first.

    policy: [A] over all moves, illegal ones included. stones: [P] the board; occupied points are
    printed as 0. value: in [-1, 1], printed as the win rate of the player to move.
    """
    size = math.isqrt(len(stones))
    thousandths = (1000 * policy).astype(int)
    board = np.where(stones == rules.EMPTY, thousandths[:-1], 0).reshape(size, size)
    lines = ["".join(f"{number:3d} " for number in row) for row in board[::-1]]
    return "\n".join([*lines, f"pass: {thousandths[-1]}", f"winrate: {(1 + value) / 2:.6f}"])


def raw_evaluation(
    symmetry: int, found: engine_search.RawEvaluation, legal: np.ndarray, *, is_white: bool
) -> str:
    """Formats one evaluation as KataGo's `kata-raw-nn` does: top row first, NAN at illegal points.

    The policy is the network's own over all A moves. Probabilities of illegal moves are omitted; the
    others are not renormalised. Lead and owners are omitted if the network has no heads for them.
    is_white: whether White is to move; values are printed for White.
    """
    sign = 1 if is_white else -1
    white_wins = (1 + sign * found.value) / 2
    policy = [f"{p:.9f}" if is_legal else "NAN" for p, is_legal in zip(found.policy, legal, strict=True)]
    lines = [
        f"symmetry {symmetry}",
        f"whiteWin {white_wins:.9f}",
        f"whiteLoss {1 - white_wins:.9f}",
        "noResult 0.000000000",
    ]
    if found.lead is not None:
        lines.append(f"whiteLead {sign * found.lead:.6f}")
    lines += ["policy", *_rows(policy[:-1]), f"policyPass {policy[-1]}"]
    if found.ownership is not None:
        lines += ["whiteOwnership", *_rows([f"{sign * owner:.7f}" for owner in found.ownership])]
    return "\n".join(lines)


def _rows(points: Sequence[str]) -> list[str]:
    """Lines of a board from the text of each point, top row first."""
    size = math.isqrt(len(points))
    return [" ".join(points[row * size : (row + 1) * size]) for row in range(size - 1, -1, -1)]


def score(margin: float) -> str:
    """Formats Black's margin in points, komi included: "B+3.5", "W+0.5" or "0"."""
    if margin == 0:
        return "0"
    return f"{'B' if margin > 0 else 'W'}+{abs(margin):.1f}"
