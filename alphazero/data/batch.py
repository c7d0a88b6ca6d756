"""What one optimizer step learns from."""

from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """B positions, P = N * N points, A = P + 1 actions; all seen by the player to move.

    What its source knows nothing of is None: Leela Zero's chunks have no owners, for example.
    """

    planes: np.ndarray  # [B, K] uint8 what the network sees, as `go.features.pack` packs it
    policy: np.ndarray  # [B, A] float32 the policy to learn; rows sum to 1, or to 0 without one
    value: np.ndarray  # [B] float32 in [-1, 1], the game's worth
    weight: np.ndarray  # [B] float32 weight of the position in the loss, not all zero
    ownership: np.ndarray | None = None  # [B, P] int8 final owner: +1 own, -1 opponent, 0 nobody
    score: np.ndarray | None = None  # [B] float32 points that the player to move was ahead at the end
    reply: np.ndarray | None = None  # [B, A] float32 policy of the next ply; a row of zeros without one
    short_term: np.ndarray | None = None  # [B, H] float32 in [-1, 1], what the value soon was; nearest last
