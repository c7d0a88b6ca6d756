"""Simulations per second of a whole match in one process, as a gate plays it: `gate.<net>`."""

import statistics
from collections.abc import Iterator

import numpy as np

from alphazero.benchmarks import figures, nets, settings
from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.config import search as search_config
from alphazero.evaluation import match, openings, players
from alphazero.evaluation import result as results

_OPENING_PLIES = 6
_ROUNDS = 10


def measure(options: settings.Settings) -> Iterator[figures.Figure]:
    """All games of a match from the first move to the last one's end, when few are left and batches small.

    The limit is the bare evaluations/s of the fastest backend at its best batch, measured between games. Both
    sides are the same network: the cost counts, not the result. Nothing is cached.
    """
    for net in options.nets:
        yield _measure_net(net, options)


def _measure_net(net: net_config.NetConfig, options: settings.Settings) -> figures.Figure:
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
    limits = _Limits(best, options, every=max(1, 2 * len(first_moves) // _ROUNDS))
    began = options.clock()
    played = match.play_match(a, b, game, first_moves, on_game=limits.look)
    seconds = options.clock() - began - limits.seconds
    assert played is not None, "nobody stopped it"
    return figures.Figure(
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


def _player(name: str, best: nets.Best, options: settings.Settings) -> players.Player:
    config = search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct, num_simulations=options.num_simulations
    )
    return players.Player(name, best.evaluator, config, np.random.default_rng(0))


class _Limits:
    """Measures bare evaluations now and then, so that other work on the machine meets both."""

    def __init__(self, best: nets.Best, options: settings.Settings, every: int) -> None:
        """every: so many games."""
        self._best = best
        self._options = options
        self._every = every
        self.rates: list[float] = [self._measure()]
        self.seconds = 0.0

    def look(self, played: results.PlayedGame) -> None:
        """After a game."""
        if played.number % self._every == 0:
            began = self._options.clock()
            self.rates.append(self._measure())
            self.seconds += self._options.clock() - began

    def _measure(self) -> float:
        share = self._options.seconds / _ROUNDS
        return nets.evaluations_per_s(self._best.evaluator, self._best.planes, share, self._options.clock)
