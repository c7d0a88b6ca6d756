"""Benchmark of a match in one process, as a gate plays it, in simulations per second: `gate.<net>`."""

import statistics
from collections.abc import Iterator

import numpy as np

from alphazero.benchmarks import measurement, nets, settings
from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.config import search as search_config
from alphazero.evaluation import match, openings, players
from alphazero.evaluation import result as results

_OPENING_PLIES = 6
_ROUNDS = 10


def measure(options: settings.BenchmarkSettings) -> Iterator[measurement.Measurement]:
    """Measures a whole match, including its end, when few games are left and batches are small.

    The limit is the bare evaluations/s of the fastest backend at its best batch, measured between games. Both
    sides are the same network, because only the cost matters. Nothing is cached.
    """
    for net in options.nets:
        yield _measure_net(net, options)


def _measure_net(net: net_config.NetConfig, options: settings.BenchmarkSettings) -> measurement.Measurement:
    best = nets.fastest(nets.random_weights(net, options.size), options)
    game = game_config.GameConfig(size=options.size, komi=7)
    a, b = _player("a", best, options), _player("b", best, options)
    first_moves = openings.draw(
        best.evaluator,
        game,
        count=max(1, options.num_games // 2),
        plies=_OPENING_PLIES,
        rng=np.random.default_rng(0),
    )
    match.play_match(a, b, game, first_moves[:1])  # compiles
    limits = _Roofline(best, options, every=max(1, 2 * len(first_moves) // _ROUNDS))
    began = options.clock()
    played = match.play_match(a, b, game, first_moves, on_game=limits.on_game)
    seconds = options.clock() - began - limits.seconds
    assert played is not None, "a match without a stop signal ends with a result"
    return measurement.Measurement(
        name=f"gate.{net.name}",
        value=(a.num_simulations + b.num_simulations) / seconds,
        unit="simulations/s",
        limit=statistics.median(limits.rates),
        setup={
            **nets.setup_of(best, options),
            "simulations": options.num_simulations,
            "games": played.num_games,
            "moves": sum(len(played_game.moves) for played_game in played.games),
            "cores": 1,
        },
    )


def _player(
    name: str, best: nets.FastestBackend, options: settings.BenchmarkSettings
) -> players.SearchPlayer:
    config = search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct, num_simulations=options.num_simulations
    )
    return players.SearchPlayer(name, best.evaluator, config, np.random.default_rng(0))


class _Roofline:
    """Bare evaluations/s, measured between games, so that other work on the machine affects both rates."""

    def __init__(self, best: nets.FastestBackend, options: settings.BenchmarkSettings, every: int) -> None:
        """every: number of games between two measurements."""
        self._best = best
        self._options = options
        self._every = every
        self.rates: list[float] = [self._measure()]
        self.seconds = 0.0

    def on_game(self, played: results.PlayedGame) -> None:
        """Measures again after each game whose number is a multiple of `every`."""
        if played.number % self._every == 0:
            began = self._options.clock()
            self.rates.append(self._measure())
            self.seconds += self._options.clock() - began

    def _measure(self) -> float:
        share = self._options.seconds / _ROUNDS
        return nets.evaluations_per_s(self._best.evaluator, self._best.inputs, share, self._options.clock)
