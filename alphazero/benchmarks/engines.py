"""Benchmark of the GTP engine: simulations per second, `gtp.<net>`, and the time that its start takes."""

import time
from collections.abc import Iterator

from alphazero.benchmarks import measurement, nets, settings, starts
from alphazero.config import net as net_config
from alphazero.engine import engine_search, setup
from alphazero.go import play

_NUM_SIMULATIONS = 200


def measure(options: settings.BenchmarkSettings) -> Iterator[measurement.Measurement]:
    """Measures moves of a game that the engine plays against itself, without an evaluation cache.

    The limit is that of self-play for each thread. One game gives a network only small batches, so the ratio
    also shows what larger ones would gain.
    """
    for net in options.nets:
        yield _measure_net(net, options)
        yield from starts.measure(net, options)


def _measure_net(net: net_config.NetConfig, options: settings.BenchmarkSettings) -> measurement.Measurement:
    weights = nets.random_weights(net, options.size)
    best = nets.fastest(weights, options)
    # One thread is enough for a GPU.
    num_threads = 1 if best.evaluator.is_asynchronous else options.num_threads
    engine_options = setup.EngineOptions(
        num_simulations=_NUM_SIMULATIONS,
        device=options.device,
        num_threads=num_threads,
        leaf_batch=options.leaf_batch,
        is_cached=False,
    )
    search, description = setup.make_search(weights, engine_options, options.size)
    game = play.Game(options.size, 7)
    # Process time would add up the times of the threads and leave out the time they wait for each other.
    clock = options.clock if num_threads == 1 else time.perf_counter
    return measurement.Measurement(
        name=f"gtp.{net.name}",
        value=measurement.rate(lambda: _play_move(search, game), options.seconds, clock),
        unit="simulations/s",
        limit=best.rate * num_threads,
        setup={
            "board": f"{options.size}x{options.size}",
            "backend": description,
            "leaf batch": options.leaf_batch,
            "threads": num_threads,
            "simulations": _NUM_SIMULATIONS,
        },
    )


def _play_move(search: engine_search.EngineSearch, game: play.Game) -> int:
    """Plays a move, in a new game if the last one is over, and returns the number of simulations."""
    if game.is_over or len(game.moves) > game.size**2:
        while game.moves:
            game.undo()
    game.play(search.choose(game).action)
    return _NUM_SIMULATIONS
