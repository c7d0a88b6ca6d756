"""Benchmark of the tree search without a network, in simulations per second: `search.9x9`."""

import time
from collections.abc import Iterator

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.benchmarks import boards, measurement, settings
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, features, game_kernels, geometry
from alphazero.search import interface, lockstep


def measure(options: settings.BenchmarkSettings) -> Iterator[measurement.Measurement]:
    """Measures the self-play search with an evaluator that costs nothing.

    The limit is `board`'s positions/s, because each simulation needs at least one move, its legal moves and
    its planes.
    """
    limit, _ = boards.rates(options)
    table = _SearchedGames(options)
    table.play_move()
    yield measurement.Measurement(
        name=f"search.{options.size}x{options.size}",
        value=measurement.rate(table.play_move, options.seconds, time.process_time),
        unit="simulations/s",
        limit=limit,
        setup={"simulations": options.num_simulations, "games": options.num_games, "cores": 1},
    )


class _SearchedGames:
    """Games that the search advances. A game that ends is started again."""

    def __init__(self, options: settings.BenchmarkSettings) -> None:
        self._rule = game_config.GameConfig(size=options.size, komi=7)
        self._tables, self._scratch = geometry.make(options.size), board.make_scratch(options.size**2)
        self._games = game_kernels.new_games(options.num_games, self._rule)
        self._indices = np.arange(options.num_games)
        config = search_config.SearchConfig(num_simulations=options.num_simulations)
        self._search = lockstep.LockstepSearch(config, self._games, np.random.default_rng(0))
        self._options = interface.SearchOptions(num_simulations=options.num_simulations, is_noisy=True)
        self._evaluator = _Repeated(options)

    def play_move(self) -> int:
        """Searches and plays one move in each game, and returns the number of simulations."""
        result = self._search.search(self._indices, self._evaluator, self._options)
        self._search.advance(self._indices, result.actions)
        game_kernels.play_each(self._tables, self._games, self._scratch, self._indices, result.actions)
        over = np.flatnonzero(self._games["over"])
        self._games[over] = game_kernels.new_games(len(over), self._rule)
        self._search.reset(over)
        return self._options.num_simulations * len(self._indices)


class _Repeated:
    """An evaluator with the same random answers in every call. Moves differ, and nothing is computed."""

    def __init__(self, options: settings.BenchmarkSettings) -> None:
        shape = (options.num_games, features.NUM_PLANES, options.size, options.size)
        planes = np.random.default_rng(0).integers(0, 2, shape, dtype=np.uint8)
        self._outputs = evaluators.HashedEvaluator(options.size).evaluate(evaluators.Inputs(planes))

    def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
        """Returns outputs that do not depend on `inputs`."""
        batch = len(inputs.planes)
        return evaluators.Outputs(self._outputs.logits[:batch], self._outputs.values[:batch])
