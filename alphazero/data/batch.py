"""What one optimizer step learns from."""

from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """B positions, N board side, P = N * N points, A = P + 1 actions; all seen by the player to move."""

    planes: np.ndarray  # [B, 18, N, N] uint8 what the network sees (docs/conventions.md)
    policy: np.ndarray  # [B, A] float32 the search's improved policy; rows sum to 1, or to 0 without one
    value: np.ndarray  # [B] float32 in [-1, 1], the value target of `alphazero.data.replay`
    ownership: np.ndarray  # [B, P] float32 final owner of each point: +1 own, -1 opponent, 0 nobody
    weight: np.ndarray  # [B] float32 weight of the position in the loss
