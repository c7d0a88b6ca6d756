"""Positions of played games as batches: planes from replayed moves, and policy and value targets."""

import math

import numpy as np

from alphazero.data import batch as batches
from alphazero.data import record as records
from alphazero.go import board, features, game_kernels, geometry, input_families, rules
from alphazero.jit import jit


def make_batch(planes: np.ndarray, policy: np.ndarray, value: np.ndarray) -> batches.TrainingBatch:
    """A batch with only these targets, each position of weight 1.

    planes: [B, 18, P] uint8, 0 or 1. policy: [B, A]. value: [B] for the player to move.
    """
    return batches.TrainingBatch(
        planes=input_families.LEELA.pack(planes),
        globals=np.zeros((len(planes), 0), np.float32),
        policy=policy.astype(np.float32, copy=False),
        value=value.astype(np.float32, copy=False),
        weight=np.ones(len(value), np.float32),
        auxiliary={},
    )


def unpack_planes(batch: batches.TrainingBatch) -> np.ndarray:
    """[B, 18, P] uint8, the planes passed to `make_batch`."""
    num_points = batch.policy.shape[1] - 1
    planes = input_families.LEELA.unpack(batch.planes, math.isqrt(num_points))
    return planes.reshape(-1, features.NUM_PLANES, num_points)


def of_record(record: records.GameRecord) -> batches.TrainingBatch:
    """The positions of a self-play game that have a policy target, in the order of play.

    The value is the game's result: 1, -1, or 0 for a draw. Raises ValueError with the first illegal move.
    """
    colors = np.where(np.arange(record.num_played) % 2 == 0, rules.BLACK, rules.WHITE)
    start = game_kernels.new_games(1, record.rules, capacity_for(record.size, record.num_played))
    planes = replay(start, colors, record.moves[: record.num_played], record.size)
    plies = np.flatnonzero(record.has_policy)
    policy = record.policy[plies].astype(np.float32)
    value = np.where(colors == rules.BLACK, record.winner, -record.winner)[plies]
    return make_batch(planes[plies], policy / policy.sum(axis=1, keepdims=True), value)


def capacity_for(size: int, num_moves: int) -> int:
    """Capacity for `num_moves` moves; few different values, because kernels are compiled for each."""
    capacity = 4 * size * size  # as `play.Game`
    while capacity <= num_moves:
        capacity *= 2
    return capacity


def replay(start: np.ndarray, colors: np.ndarray, actions: np.ndarray, size: int) -> np.ndarray:
    """[T, 18, P] uint8 planes for the player of each of T moves, before the move.

    start: [1] game state, which the moves change. colors: [T] BLACK or WHITE; they need not alternate, and
    two passes do not end the game. Raises ValueError with the first illegal move.
    """
    planes = np.empty((len(actions), features.NUM_PLANES, size * size), np.uint8)
    scratch = board.make_scratch(size * size)
    colors, actions = colors.astype(np.int8), actions.astype(np.int16)
    ply, status = _replay(geometry.make(size), start, scratch, colors, actions, planes)
    if status != rules.OK:
        name = rules.format_move(int(actions[ply]), size)
        raise ValueError(f"move {ply + 1}, {name}: {rules.REASONS[status]}")
    return planes


@jit
def _replay(tables, position, scratch, colors, actions, planes):
    """Fills planes; returns the number of legal moves, and OK or why the next move is illegal."""
    game = position[0]
    for ply in range(len(actions)):
        game.to_play = colors[ply]
        if game.over:
            game.over = False
            game.passes = 0
        features.fill_planes(tables, position, 0, planes[ply])
        status = game_kernels.play(tables, position, scratch, 0, np.int64(actions[ply]))
        if status != rules.OK:
            return ply, status
    return len(actions), rules.OK
