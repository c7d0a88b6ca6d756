"""The GTP engine: how long it takes to start, and its simulations per second, `gtp.<net>`."""

import time
from collections.abc import Iterator

from alphazero.benchmarks import figures, nets, settings, starts
from alphazero.config import net as net_config
from alphazero.engine import setup, thinking
from alphazero.go import play

_NUM_SIMULATIONS = 200


def measure(options: settings.Settings) -> Iterator[figures.Figure]:
    """Moves of the game that it plays against itself; nothing is cached.

    The limit is that of self-play for each thread: one game gives a network small batches only, so the
    ratio is also what larger ones would be worth.
    """
    for net in options.nets:
        yield _measure_net(net, options)
        yield from starts.measure(net, options)


def _measure_net(net: net_config.NetConfig, options: settings.Settings) -> figures.Figure:
    weights = nets.random_weights(net, options.size)
    best = nets.fastest(weights, options)
    # A GPU needs no second thread.
    num_threads = 1 if best.evaluator.is_asynchronous else options.num_threads
    wishes = setup.Wishes(
        num_simulations=_NUM_SIMULATIONS,
        device=options.device,
        num_threads=num_threads,
        leaf_batch=options.leaf_batch,
        is_cached=False,
    )
    thinker, description = setup.make_thinker(weights, wishes)
    game = play.Game(options.size, 7)
    # The time of the process would add its threads' up, and leave out that they wait for one another.
    clock = options.clock if num_threads == 1 else time.perf_counter
    return figures.Figure(
        name=f"gtp.{net.name}",
        value=figures.rate(lambda: _play_move(thinker, game), options.seconds, clock),
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


def _play_move(thinker: thinking.Thinker, game: play.Game) -> int:
    """Plays on, from the start again when the game is over; returns the simulations that it took."""
    if game.is_over or len(game.moves) > game.size**2:
        while game.moves:
            game.undo()
    game.play(thinker.choose(game).action)
    return _NUM_SIMULATIONS
