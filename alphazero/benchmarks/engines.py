"""Simulations per second of the GTP engine, which thinks about one game: `gtp.<net>`."""

from collections.abc import Iterator

from alphazero.benchmarks import figures, nets, settings
from alphazero.config import search as search_config
from alphazero.evaluation import gtp_thinker
from alphazero.go import play

_NUM_SIMULATIONS = 200


def measure(options: settings.Settings) -> Iterator[figures.Figure]:
    """Moves of the game that it plays against itself; the limit is that of self-play.

    One game asks for one position at a time, so the ratio is also what batches would be worth.
    """
    config = search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct, num_simulations=_NUM_SIMULATIONS
    )
    for net in options.nets:
        best = nets.fastest(nets.random_weights(net, options.size), options)
        thinker = gtp_thinker.Thinker(options.size, config, best.evaluator, lambda best=best: best.evaluator)
        thinker.warm_up()
        game = play.Game(options.size, 7)

        def play_move(thinker: gtp_thinker.Thinker = thinker, game: play.Game = game) -> int:
            if game.is_over or len(game.moves) > options.size**2:
                while game.moves:
                    game.undo()
            game.play(thinker.choose(game).action)
            return _NUM_SIMULATIONS

        yield figures.Figure(
            name=f"gtp.{net.name}",
            value=figures.rate(play_move, options.seconds, options.clock),
            unit="simulations/s",
            limit=best.rate,
            setup={**nets.setup_of(best, options), "batch": 1, "simulations": _NUM_SIMULATIONS},
        )
