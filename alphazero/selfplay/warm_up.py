"""Warm-up of self-play: compiles or loads its kernels before the first network arrives."""

import dataclasses

import numpy as np

from alphazero import evaluator as evaluators
from alphazero import jit
from alphazero.config import schema
from alphazero.go import input_families
from alphazero.selfplay import adjudicate
from alphazero.selfplay import worker as workers


def warm_up(config: schema.Config) -> None:
    """Calls each kernel once.

    The first process on a machine compiles for about half a minute. Other processes load the result; they
    wait for it if it is not ready.
    """
    for each in map(config.of_size, config.game.shares):
        jit.warm_up(_call_kernels, _layout(each), each)


def is_needed(config: schema.Config) -> bool:
    """Whether the kernels are not compiled yet."""
    layouts = [_layout(config.of_size(size)) for size in config.game.shares]
    return not all(jit.is_warm(_call_kernels, layout) for layout in layouts)


def _layout(config: schema.Config) -> str:
    """What kernels are compiled for: size and capacity of `go.game_kernels.game_dtype`, and the inputs."""
    layout = f"{config.game.size}-{config.game.moves_at_most}"
    return f"{layout}-full" if input_families.of_net(config.net).has_tactics else layout


def _call_kernels(config: schema.Config) -> None:
    """Plays a move of two games without a search, then one with a search."""
    tiny = dataclasses.replace(
        config,
        search=dataclasses.replace(config.search, num_simulations=2, num_considered=2),
        selfplay=dataclasses.replace(config.selfplay, num_games=2, opening_policy_plies=1),
    )
    network = evaluators.UniformEvaluator(config.game.size, input_families.of_net(config.net))
    player = workers.SelfPlayWorker(tiny, network, name="warm-up", rng=np.random.default_rng(0))
    for _ in range(2):
        player.play_move()
    adjudicate.Adjudicator(tiny).warm_up(config.game)
