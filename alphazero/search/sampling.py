"""Drawing moves from policies."""

import numpy as np


def draw(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One action [B] for each row of weights [B, A], which need not sum to 1.

    Draws exactly one uniform number a row; a weight of zero is never drawn.
    """
    cumulative = np.cumsum(weights, axis=1)
    thresholds = rng.random(len(weights)) * cumulative[:, -1]
    return (cumulative <= thresholds[:, None]).sum(axis=1)
