"""Simulations per second of the tree search without a network: `search.9x9`."""

import time
from collections.abc import Iterator

import numpy as np

from alphazero.benchmarks import boards, figures, settings
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, game, geometry
from alphazero.search import evaluator as evaluators
from alphazero.search import lockstep


def measure(options: settings.Settings) -> Iterator[figures.Figure]:
    """The self-play search with an evaluator that costs nothing.

    The limit is `board`'s positions/s: each simulation needs at least one move, its legal moves and
    its planes.
    """
    limit, _ = boards.rates(options)
    table = _Table(options)
    table.play_move()
    yield figures.Figure(
        name=f"search.{options.size}x{options.size}",
        value=figures.rate(table.play_move, options.seconds, time.process_time),
        unit="simulations/s",
        limit=limit,
        setup={"simulations": options.num_simulations, "games": options.num_games, "cores": 1},
    )


class _Table:
    """Games that the search advances, started again when they end."""

    def __init__(self, options: settings.Settings) -> None:
        self._rule = game_config.GameConfig(size=options.size, komi=7)
        self._tables, self._scratch = geometry.make(options.size), board.make_scratch(options.size**2)
        self._games = game.new_games(options.num_games, self._rule)
        self._indices = np.arange(options.num_games)
        config = search_config.SearchConfig(num_simulations=options.num_simulations)
        self._search = lockstep.LockstepSearch(config, self._games, np.random.default_rng(0))
        self._options = lockstep.SearchOptions(num_simulations=options.num_simulations, is_noisy=True)
        self._evaluator = _Repeated(options)

    def play_move(self) -> int:
        """Searches and plays one move in each game; returns the simulations that it took."""
        result = self._search.search(self._indices, self._evaluator, self._options)
        self._search.advance(self._indices, result.actions)
        game.play_each(self._tables, self._games, self._scratch, self._indices, result.actions)
        over = np.flatnonzero(self._games["over"])
        self._games[over] = game.new_games(len(over), self._rule)
        self._search.reset(over)
        return self._options.num_simulations * len(self._indices)


class _Repeated:
    """The same random answers in every call: no two moves alike, and nothing to compute."""

    def __init__(self, options: settings.Settings) -> None:
        self._answers = evaluators.HashedEvaluator(options.size).evaluate(
            np.random.default_rng(0).integers(
                0, 2, (options.num_games, 18, options.size, options.size), dtype=np.uint8
            )
        )

    def evaluate(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values [B] that have nothing to do with `planes`."""
        logits, values = self._answers
        return logits[: len(planes)], values[: len(planes)]
