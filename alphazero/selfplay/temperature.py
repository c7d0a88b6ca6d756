"""Temperature for drawing moves from a search's policy; it falls during the game."""

import numpy as np

from alphazero.config import selfplay as selfplay_config
from alphazero.search import sampling

_HALF_LIFE_BOARD = 19


def at(config: selfplay_config.SelfPlayConfig, size: int, plies: np.ndarray) -> np.ndarray:
    """[B] temperature at each ply: late + (early - late) / 2 ** (ply / half-life).

    The configured half-life is for 19x19; it scales with the board's side, as in KataGo.
    """
    half_life = config.temperature_half_life * size / _HALF_LIFE_BOARD
    late = config.temperature_late
    return late + (config.temperature_early - late) * 0.5 ** (plies / half_life)


def draw(policy: np.ndarray, temperatures: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One action [B] for each row of policy [B, A], drawn in proportion to policy ** (1 / temperature).

    Draws exactly one uniform number a row. An action of probability zero is never drawn.
    """
    # Relative to the largest entry, so that a low temperature never makes a row of zeros.
    relative = policy.astype(np.float64) / policy.max(axis=1, keepdims=True)
    return sampling.draw(relative ** (1 / temperatures[:, None]), rng)
