"""Benchmark of a whole self-play worker in simulations per second: `selfplay.<net>`."""

import dataclasses
import statistics
from collections.abc import Iterator

import numpy as np

from alphazero.benchmarks import measurement, nets, settings
from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.config import selfplay as selfplay_config
from alphazero.selfplay import worker as workers

_ROUNDS = 15
"""Many short turns, so that bursts of other work affect both sides."""
_EARLY_GAMES = 1
"""The warm-up searches with a single simulation, like the first games of a run."""


def measure(options: settings.BenchmarkSettings) -> Iterator[measurement.Measurement]:
    """Measures complete self-play on one core. A simulation is a descent to a leaf.

    The limit is the bare evaluations/s of the fastest backend at its best batch. Nothing is cached.
    """
    for net in options.nets:
        yield measure_net(net, options)


def measure_net(net: net_config.NetConfig, options: settings.BenchmarkSettings) -> measurement.Measurement:
    """Measures self-play with the fastest backend."""
    return measure_with(net, nets.fastest(nets.random_weights(net, options.size), options), options)


def measure_with(
    net: net_config.NetConfig, best: nets.FastestBackend, options: settings.BenchmarkSettings
) -> measurement.Measurement:
    """Measures self-play and its limit in turns, so that other work on the machine affects both."""
    player = _make_worker(net, best, options)
    _warm_up(player, options)
    before = dataclasses.replace(player.work)
    values: list[float] = []
    limits: dict[int, list[float]] = {batch: [] for batch in best.close}
    for _ in range(_ROUNDS):
        share = options.seconds / _ROUNDS
        for batch, rates in limits.items():
            inputs = nets.random_inputs(batch, best.evaluator)
            seconds = share / len(limits)
            rates.append(nets.evaluations_per_s(best.evaluator, inputs, seconds, options.clock))
        values.append(measurement.rate(lambda: _play_move(player), share, options.clock))
    simulations = player.work.simulations - before.simulations
    value = statistics.median(values)
    return measurement.Measurement(
        name=f"selfplay.{net.name}",
        value=value,
        unit="simulations/s",
        limit=max(statistics.median(rates) for rates in limits.values()),
        setup={
            **nets.setup_of(best, options),
            "simulations": options.num_simulations,
            "games": options.num_games,
            "cores": 1,
            # Below 1, because descents to finished games need no evaluation.
            "evaluations/simulation": round((player.work.evaluations - before.evaluations) / simulations, 3),
            "positions/s": round(value * (player.work.moves - before.moves) / simulations, 1),
        },
    )


def _make_worker(
    net: net_config.NetConfig, best: nets.FastestBackend, options: settings.BenchmarkSettings
) -> workers.SelfPlayWorker:
    config = schema.Config(
        game=game_config.GameConfig(size=options.size, komi=7),
        net=net,
        search=search_config.SearchConfig(num_simulations=options.num_simulations),
        selfplay=selfplay_config.SelfPlayConfig(
            num_games=options.num_games, early_games=_EARLY_GAMES, early_simulations=1, early_considered=1
        ),
    )
    return workers.SelfPlayWorker(config, best.evaluator, name="bench", rng=np.random.default_rng(0))


def _warm_up(player: workers.SelfPlayWorker, options: settings.BenchmarkSettings) -> None:
    """Compiles, and spreads the games over all ages.

    Without it all games would have the same age, and old games need fewer evaluations.
    """
    began = options.clock()
    for _ in range(2 * options.size**2):
        player.play_move()
        if options.clock() - began > 2 * options.seconds:
            break
    player.set_total_games(_EARLY_GAMES)
    measurement.rate(lambda: _play_move(player), options.seconds / 4, options.clock)


def _play_move(player: workers.SelfPlayWorker) -> int:
    before = player.work.simulations
    player.play_move()
    return player.work.simulations - before
