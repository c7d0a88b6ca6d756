"""Computed rates of GPUs: self-play and training of an H100, and the number of GPUs that should train.

Nothing here was measured on a GPU. The two assumptions are SUSTAINED_TFLOPS and TRAINING_PASSES. A search
evaluates one position for each simulation, and every move of a game gets a full search.
"""

import math
from dataclasses import dataclass

from alphazero.config import schema
from alphazero.net import operations
from alphazero.report import throughput

SUSTAINED_TFLOPS = 200.0
"""bf16 on an H100 SXM: a fifth of the 989 TFLOP/s for dense matrices in its data sheet."""
TRAINING_PASSES = 3
"""Cost of a training sample in evaluations: one forward pass, and a backward pass at twice its cost."""
GAMES_OF_A_PLAYER = 512
"""Games that a player on a GPU advances together; 128, as on a CPU, would leave the GPU idle."""
_SEARCH_US, _SEARCH_US_PER_POINT = 3.0, 0.014
"""CPU time of a simulation without the network: twice the time that `bench search` takes on a core."""
_LEAST_PLAYERS = 2
"""Minimum number of players, so that moves, pushes and new networks of one do not leave the GPU idle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Rates of one GPU, in self-play or in training."""

    evaluations_per_s: float
    positions_per_s: float
    games_per_s: float
    samples_per_s: float
    players: int
    """Number of self-play actors, with a core each, that keep the GPU busy."""

    @property
    def games_per_push(self) -> float:
        """Mean number of games that end at a move of a player, if any game does."""
        ending = GAMES_OF_A_PLAYER * self.games_per_s / self.positions_per_s
        return ending / -math.expm1(-ending)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """GPUs of a cluster, divided between training and self-play."""

    gpus: int
    learners: int
    """GPUs that train."""
    balance: throughput.Balance
    """Balance of all players and all learners."""
    rates: Rates


def rates(config: schema.Config, moves: int, tflops: float = SUSTAINED_TFLOPS) -> Rates:
    """Rates of a GPU that sustains `tflops`, for games of `moves` moves."""
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
    """A fleet of two or more GPUs.

    learners: number of GPUs that train; by default the smallest one that keeps up with the others at the
    replay ratio.
    """
    training = config.training
    if learners is None:
        needed = training.replay_ratio * of_gpu.positions_per_s
        learners = min(gpus - 1, max(1, math.ceil(gpus * needed / (of_gpu.samples_per_s + needed))))
    balance = throughput.players_fed(
        (gpus - learners) * of_gpu.players,
        player_positions_per_s=of_gpu.positions_per_s / of_gpu.players,
        samples_per_s=learners * of_gpu.samples_per_s,
        replay_ratio=training.replay_ratio,
    )
    return Fleet(gpus=gpus, learners=learners, balance=balance, rates=of_gpu)
