"""The game-theoretic value of a position by brute force: alpha-beta over whole games, history and all."""

from tests.reference.search import Position


def value(position: Position, worst: int = -1, best: int = 1) -> int:
    """1 if the player to move can force a win, 0 for a draw, -1 if the opponent can; passes are tried first.

    Values outside of `worst` .. `best` come out as some value beyond that bound. Under superko a position
    is its whole history, so nothing is remembered from one line to the next.
    """
    if position.is_over:
        margin = position.margin()
        return (margin > 0) - (margin < 0)
    found = -1
    for action in reversed(position.legal()):
        found = max(found, -value(position.after(action), -best, -max(worst, found)))
        if found >= best:
            break
    return found


def best_moves(position: Position) -> tuple[int, set[int]]:
    """The value and every action that keeps it."""
    values = {action: -value(position.after(action)) for action in position.legal()}
    most = max(values.values())
    return most, {action for action in values if values[action] == most}
