"""Sampling of moves from policies."""

import numpy as np


def draw(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws an action for each row of weights [B, A], which need not sum to 1. Returns actions [B] int64.

    Draws exactly one uniform number for each row. Never chooses an action of weight 0.
    """
    cumulative = np.cumsum(weights, axis=1)
    thresholds = rng.random(len(weights)) * cumulative[:, -1]
    return (cumulative <= thresholds[:, None]).sum(axis=1)
