"""Game-theoretic value of a position by brute force: alpha-beta over whole games with their histories."""

from tests.reference.search import Position


def value(position: Position, worst: int = -1, best: int = 1) -> int:
    """1 if the player to move can force a win, -1 if the opponent can, else 0. Tries passes first.

    A value outside `worst` .. `best` is returned as some value beyond that bound. Under superko a position
    includes its whole history, so there is no transposition table.
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
    """The value, and every action that keeps it."""
    values = {action: -value(position.after(action)) for action in position.legal()}
    most = max(values.values())
    return most, {action for action in values if values[action] == most}
