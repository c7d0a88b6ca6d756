"""Real positions for tests of training: games of random legal moves, with targets that can be learned."""

import math

import numpy as np
import torch

from alphazero.config import game as game_config
from alphazero.data import batch as batches
from alphazero.data import record as records
from alphazero.go import board, game_kernels, geometry
from alphazero.net import packing
from alphazero.training import losses
from tests.data import games


def tensors(batch: batches.TrainingBatch) -> tuple[torch.Tensor, losses.LossTargets]:
    """Planes [B, 18, N, N] float32 and the targets."""
    size = math.isqrt(batch.policy.shape[1] - 1)
    targets = losses.targets_of(batch, torch.from_numpy)
    return packing.unpack(torch.from_numpy(batch.planes), size, torch.float32), targets


def random_record(seed: int, size: int = 5, num_moves: int = 30) -> records.GameRecord:
    """A game of random moves. Policy: uniform over legal moves. Owner of a point: its stone at the end."""
    rng, points = np.random.default_rng(seed), size * size
    config = game_config.GameConfig(size=size, move_limit=num_moves)
    position, legal = game_kernels.new_games(1, config, 64), np.zeros(points + 1, np.bool_)
    tables, scratch = geometry.make(size), board.make_scratch(points)
    moves, policy = [], []
    while not position[0].over:
        game_kernels.legal_actions(tables, position, 0, legal)
        legal[points] = not legal[:points].any()
        policy.append(legal / legal.sum())
        moves.append(int(rng.choice(np.flatnonzero(legal))))
        game_kernels.play(tables, position, scratch, 0, moves[-1])
    return games.make_record(
        game_id=f"random-{seed}",
        size=size,
        komi=0.5,
        move_limit=num_moves,
        moves=np.array(moves, np.int16),
        num_played=len(moves),
        policy=np.array(policy, np.float16),
        root_values=np.zeros(len(moves), np.float32),
        ownership=np.array([0, 1, -1], np.int8)[position[0].stones[:points]],
        end="limit",
    )
