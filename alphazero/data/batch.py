"""The batch of positions that one optimizer step learns from."""

from typing import NamedTuple

import numpy as np


class TrainingBatch(NamedTuple):
    """B positions, P = N * N points, A = P + 1 actions; everything is seen by the player to move.

    A field is None if the source does not have it: Leela Zero's chunks have no ownership, for example.
    """

    planes: np.ndarray  # [B, K] uint8 input of the network, packed by `go.features.pack`
    policy: np.ndarray  # [B, A] float32 policy to learn; rows sum to 1, or to 0 without a policy
    value: np.ndarray  # [B] float32 in [-1, 1], value to learn
    weight: np.ndarray  # [B] float32 weight of the position in the loss, not all zero
    ownership: np.ndarray | None = None  # [B, P] int8 final owner: +1 own, -1 opponent, 0 neutral
    score: np.ndarray | None = None  # [B] float32 final lead of the player to move, in points
    reply: np.ndarray | None = None  # [B, A] float32 policy of the next ply; a row of zeros without a policy
    short_term: np.ndarray | None = None  # [B, H] float32 in [-1, 1], short-term values, the shortest last
