"""Rates of GPUs by arithmetic: what an H100 plays and trains, and how many of them should train.

Nothing here was measured on a GPU. The two assumptions are SUSTAINED_TFLOPS and TRAINING_PASSES; a search is
taken to evaluate one position for each simulation, and all moves of a game are searched in full.
"""

import math
from dataclasses import dataclass

from alphazero.config import schema
from alphazero.net import operations
from alphazero.report import throughput

SUSTAINED_TFLOPS = 200.0
"""bf16, of an H100 SXM: a fifth of the 989 TFLOP/s that its data sheet names for dense matrices."""
TRAINING_PASSES = 3
"""A sample costs as much as so many evaluations: one pass forward, and twice that backward."""
GAMES_OF_A_PLAYER = 512
"""Games that a player on a GPU advances together; a CPU's 128 would leave the GPU idle."""
_SEARCH_US, _SEARCH_US_PER_POINT = 3.0, 0.014
"""What a CPU spends on a simulation beside the network: twice what `bench search` takes of a whole core."""
_LEAST_PLAYERS = 2
"""So that a player's moves, pushes and new networks do not leave the GPU idle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What one GPU does in a second: in self-play, or in training."""

    evaluations_per_s: float
    positions_per_s: float
    games_per_s: float
    samples_per_s: float
    players: int
    """Self-play actors, with a core each, that keep the GPU busy."""

    @property
    def games_per_push(self) -> float:
        """Games that end at the same move of a player, if any does."""
        ending = GAMES_OF_A_PLAYER * self.games_per_s / self.positions_per_s
        return ending / -math.expm1(-ending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """So many GPUs, shared out between training and self-play."""

    gpus: int
    learners: int
    """GPUs that train."""
    balance: throughput.Balance
    """Of all players with all learners."""
    rates: Rates


def rates(config: schema.Config, moves: int, tflops: float = SUSTAINED_TFLOPS) -> Rates:
    """Of a GPU that sustains `tflops`, with games of `moves` moves."""
    evaluations = tflops * 1e12 / operations.evaluation_operations(config.net, config.game.size)
    positions = evaluations / config.search.num_simulations
    search_us = _SEARCH_US + _SEARCH_US_PER_POINT * config.game.size**2
    return Rates(
        evaluations_per_s=evaluations,
        positions_per_s=positions,
        games_per_s=positions / moves,
        samples_per_s=evaluations / TRAINING_PASSES,
        players=max(_LEAST_PLAYERS, math.ceil(evaluations * search_us / 1e6)),
    )


def fleet(config: schema.Config, of_gpu: Rates, gpus: int, learners: int | None = None) -> Fleet:
    """Two or more GPUs; as few train as keep up with the others at the replay ratio, or `learners`."""
    training = config.training
    if learners is None:
        needed = training.replay_ratio * of_gpu.positions_per_s
        learners = min(gpus - 1, max(1, math.ceil(gpus * needed / (of_gpu.samples_per_s + needed))))
    balance = throughput.players_fed(
        (gpus - learners) * of_gpu.players,
        player_positions_per_s=of_gpu.positions_per_s / of_gpu.players,
        samples_per_s=learners * of_gpu.samples_per_s,
        replay_ratio=training.replay_ratio,
        max_lead_positions=training.max_lead_positions,
    )
    return Fleet(gpus=gpus, learners=learners, balance=balance, rates=of_gpu)
