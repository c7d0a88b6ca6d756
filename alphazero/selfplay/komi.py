"""Komi of self-play games: the run's, or drawn around it so that a network learns what komi means."""

import numpy as np

from alphazero.config import game as game_config

_MOST_DEVIATIONS = 3


def draw(config: game_config.GameConfig, count: int, rng: np.random.Generator) -> np.ndarray:
    """[count] komi of new games: `komi` plus whole points, so that draws stay possible or impossible.

    The points are normal numbers of standard deviation `komi_spread`, rounded. They are at most three
    standard deviations, and komi stays within the area of the board. Draws one number for each game, and none
    if `komi_spread` is 0.
    """
    if config.komi_spread == 0:
        return np.full(count, config.komi)
    most, area = np.floor(_MOST_DEVIATIONS * config.komi_spread), config.size**2
    lowest = max(-most, min(0.0, np.ceil(-area - config.komi)))
    highest = min(most, max(0.0, np.floor(area - config.komi)))
    points = np.rint(rng.normal(0.0, config.komi_spread, count))
    return config.komi + np.clip(points, lowest, highest)
