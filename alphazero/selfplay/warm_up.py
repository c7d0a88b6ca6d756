"""Compiles the kernels of self-play, or loads them, before the first network is there."""

import dataclasses

import numpy as np

from alphazero import jit
from alphazero.config import schema
from alphazero.search import evaluator
from alphazero.selfplay import adjudicate, worker


def warm_up(config: schema.Config) -> None:
    """Calls each kernel once; the first process on a machine compiles for about half a minute.

    Later processes load what it compiled, and wait for it if they come meanwhile.
    """
    jit.warm_up(_call_kernels, _layout(config), config)


def is_needed(config: schema.Config) -> bool:
    """Whether the kernels have yet to be compiled."""
    return not jit.is_warm(_call_kernels, _layout(config))


def _layout(config: schema.Config) -> str:
    """What kernels are compiled for: see `go.game.game_dtype`."""
    return f"{config.game.size}-{config.game.moves_at_most}"


def _call_kernels(config: schema.Config) -> None:
    """A move of two games without a search and one with it."""
    tiny = dataclasses.replace(
        config,
        search=dataclasses.replace(config.search, num_simulations=2, num_considered=2),
        selfplay=dataclasses.replace(config.selfplay, num_games=2, opening_policy_plies=1),
    )
    network = evaluator.UniformEvaluator(config.game.size)
    player = worker.SelfPlayWorker(tiny, network, name="warm-up", rng=np.random.default_rng(0))
    for _ in range(2):
        player.play_move()
    adjudicate.Adjudicator(tiny).warm_up(config.game)
