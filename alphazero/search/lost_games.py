"""Passes in lost games: a player that has certainly lost passes instead of filling its own territory.

Filling gains nothing, and after a pass the winner can end the game, as it passes when a second pass wins.
"""

import numpy as np

from alphazero.go import board, geometry, rules, scoring

LOST = -0.9
"""Root value below which a player no longer fills its own territory."""


def replace(action: int, value: float, position: np.void) -> int:
    """The action, or a pass if the player to move has lost and the action is a point of its own territory.

    value: of the position for the player to move. position: its game state. Territory is an empty region
    that touches only stones of the player.
    """
    num_points = len(position["stones"]) - 1
    if value >= LOST or action == num_points:
        return action
    owner = np.zeros(num_points, np.int8)
    tables = geometry.make(round(num_points**0.5))
    scoring.ownership(tables, position["stones"], board.make_scratch(num_points), owner)
    is_own = owner[action] == (1 if position["to_play"] == rules.BLACK else -1)
    return num_points if is_own else action
