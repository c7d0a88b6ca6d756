"""The batch of positions that one optimizer step learns from."""

from typing import NamedTuple

import numpy as np

from alphazero.data import packed_inputs
from alphazero.data import targets as game_targets
from alphazero.go import input_families


class TrainingBatch(NamedTuple):
    """B positions, P = N * N points, A = P + 1 actions; everything is seen by the player to move."""

    planes: np.ndarray  # [B, K] uint8 input of the network, packed by `go.input_families.InputFamily.pack`
    globals: np.ndarray  # [B, G] float32 global inputs; G = 0 in Leela Zero's family
    policy: np.ndarray  # [B, A] float32 policy to learn; rows sum to 1, or to 0 without a policy
    value: np.ndarray  # [B] float32 in [-1, 1], value to learn
    weight: np.ndarray  # [B] float32 weight of the position in the loss, not all zero
    auxiliary: dict[str, np.ndarray]  # [B, ...] the optional fields of `data.targets` that the source has


def num_bytes(
    size: int, fields: frozenset[str], family: input_families.InputFamily = input_families.LEELA
) -> int:
    """Bytes of one position in a batch with these optional fields and the inputs of `family`."""
    weight = np.dtype(np.float32).itemsize
    wanted = {"policy", "value", *fields}
    rows = [target for target in game_targets.TARGETS if target.name in wanted]
    return (
        packed_inputs.num_bytes(family, size) + weight + sum(target.num_batch_bytes(size) for target in rows)
    )
