"""Positions of played games as batches: inputs from replayed moves, and policy and value targets."""

import math

import numpy as np

from alphazero.data import batch as batches
from alphazero.data import packed_inputs
from alphazero.data import record as records
from alphazero.go import features, game_kernels, input_families, rules


def make_batch(
    inputs: packed_inputs.PackedInputs, policy: np.ndarray, value: np.ndarray
) -> batches.TrainingBatch:
    """A batch with only these targets, each position of weight 1.

    policy: [B, A]. value: [B] for the player to move.
    """
    return batches.TrainingBatch(
        planes=inputs.planes,
        globals=inputs.globals,
        policy=policy.astype(np.float32, copy=False),
        value=value.astype(np.float32, copy=False),
        weight=np.ones(len(value), np.float32),
        auxiliary={},
    )


def pack_planes(planes: np.ndarray) -> packed_inputs.PackedInputs:
    """Inputs of Leela Zero's family from planes [B, 18, P] uint8 of zeros and ones."""
    return packed_inputs.PackedInputs(
        input_families.LEELA.pack(planes), np.zeros((len(planes), 0), np.float32)
    )


def unpack_planes(batch: batches.TrainingBatch) -> np.ndarray:
    """[B, 18, P] uint8, the planes of a batch of Leela Zero's family."""
    num_points = batch.policy.shape[1] - 1
    planes = input_families.LEELA.unpack(batch.planes, math.isqrt(num_points))
    return planes.reshape(-1, features.NUM_PLANES, num_points)


def of_record(record: records.GameRecord) -> batches.TrainingBatch:
    """The positions of a self-play game that have a policy target, in the order of play.

    The inputs are Leela Zero's. The value is the game's result: 1, -1, or 0 for a draw. Raises ValueError
    with the first illegal move.
    """
    colors = np.where(np.arange(record.num_played) % 2 == 0, rules.BLACK, rules.WHITE)
    start = game_kernels.new_games(1, record.rules, capacity_for(record.size, record.num_played))
    plies = np.flatnonzero(record.has_policy)
    replayer = packed_inputs.InputReplayer(input_families.LEELA, record.size)
    inputs = replayer.replay(start, colors, record.moves[: record.num_played], plies, ends_by_passes=False)
    policy = record.policy[plies].astype(np.float32)
    value = np.where(colors == rules.BLACK, record.winner, -record.winner)[plies]
    return make_batch(inputs, policy / policy.sum(axis=1, keepdims=True), value)


def capacity_for(size: int, num_moves: int) -> int:
    """Capacity for `num_moves` moves; few different values, because kernels are compiled for each."""
    capacity = 4 * size * size  # as `play.Game`
    while capacity <= num_moves:
        capacity *= 2
    return capacity
