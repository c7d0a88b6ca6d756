"""Text of analyses, each in the format of the program that introduced it (signs: docs/conventions.md).

Win rates are those of the player to move. Moves are ordered by visits, which is how the engine chooses a
move; Leela Zero orders and chooses by lower bounds. Our networks do not predict the score, so KataGo's
score fields are omitted. GoGui, Lizzie, LizGoban and Sabaki accept that.
"""

import json
from collections.abc import Sequence

import numpy as np

from alphazero.go import rules
from alphazero.search import inspection


def leela(moves: Sequence[inspection.RootMove], size: int) -> str:
    """Formats a line of `lz-analyze`. Rates are integers in ten-thousandths."""
    blocks = []
    for order, move in enumerate(moves):
        rates = [_ten_thousandths(x) for x in (win_rate(move.value), move.prior, win_rate(move.lower_bound))]
        blocks.append(
            f"info move {rules.format_move(move.action, size)} visits {move.visits}"
            f" winrate {rates[0]} prior {rates[1]} lcb {rates[2]} order {order} pv {_line(move.line, size)}"
        )
    return " ".join(blocks)


def kata(
    moves: Sequence[inspection.RootMove],
    size: int,
    *,
    has_pv_visits: bool = False,
    root: inspection.Report | None = None,
    ownership: np.ndarray | None = None,
) -> str:
    """Formats a line of `kata-analyze`. Its utility is our value, as only winning counts.

    root: printed as `rootInfo`. ownership: [P] in [-1, 1], 1 for the player to move.
    """
    blocks = []
    for order, move in enumerate(moves):
        block = (
            f"info move {rules.format_move(move.action, size)} visits {move.visits}"
            f" utility {move.value:z.6f} winrate {win_rate(move.value):.6f} prior {move.prior:.6f}"
            f" lcb {win_rate(move.lower_bound):.6f} utilityLcb {move.lower_bound:z.6f}"
            f" order {order} pv {_line(move.line, size)}"
        )
        visits = " ".join(map(str, move.line_visits))
        blocks.append(f"{block} pvVisits {visits}" if has_pv_visits else block)
    if root is not None:
        blocks.append(
            f"rootInfo visits {root.visits} utility {root.value:z.6f} winrate {win_rate(root.value):.6f}"
            f" rawWinrate {win_rate(root.raw_value):.6f}"
        )
    if ownership is not None:
        top_row_first = ownership.reshape(size, size)[::-1].ravel()
        blocks.append("ownership " + " ".join(f"{owner:z.6f}" for owner in top_row_first))
    return " ".join(blocks)


def cgos(moves: Sequence[inspection.RootMove], size: int, root: inspection.Report) -> str:
    """Formats the JSON for the CGOS client (zakki/cgos, "GTP tournament game expansion") on one line.

    A variation omits its first move.
    """
    text = {
        "winrate": round(win_rate(root.value), 6),
        "visits": root.visits,
        "moves": [
            {
                "move": rules.format_move(move.action, size),
                "winrate": round(win_rate(move.value), 6),
                "prior": round(move.prior, 6),
                "pv": _line(move.line[1:], size),
                "visits": move.visits,
            }
            for move in moves
        ],
    }
    return json.dumps(text)


def explanation(report: inspection.Report, action: int, size: int) -> str:
    """Formats the search's evaluation of a move as a comment in a game record."""
    move = next(move for move in report.moves if move.action == action)
    lines = [
        f"{rules.format_move(action, size)}: {_percent(move.value)} to win after {move.visits}"
        f" of {report.visits} visits, prior {100 * move.prior:.1f}%",
        f"position: {_percent(report.value)}, network alone {_percent(report.raw_value)}",
        f"expected: {_line(move.line, size)}",
    ]
    return "\n".join(lines)


def win_rate(value: float) -> float:
    """Converts a value in [-1, 1] to a win rate in [0, 1]."""
    return (1 + value) / 2


def _percent(value: float) -> str:
    return f"{100 * win_rate(value):.1f}%"


def _ten_thousandths(share: float) -> int:
    return round(10_000 * share)


def _line(actions: Sequence[int], size: int) -> str:
    return " ".join(rules.format_move(action, size) for action in actions)
