"""Play-outs of resigned games by the raw policy, so that every game has a score and owners."""

import dataclasses

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import schema
from alphazero.go import board, game_kernels, geometry, input_families
from alphazero.search import factory
from alphazero.selfplay import adjudicate, game_builder


class ResignedGames:
    """Collects resigned games and plays them out together, with one evaluation a move."""

    def __init__(
        self,
        config: schema.Config,
        dtype: np.dtype,
        adjudicator: adjudicate.Adjudicator,
        family: input_families.InputFamily,
    ) -> None:
        """dtype: of the game states. adjudicator: ends play-outs of settled games. family: of the inputs."""
        self._adjudicator = adjudicator
        self._enough = max(1, config.selfplay.num_games // 4)
        # All games of the worker may be resigned on the same move.
        self._games = np.zeros(self._enough + config.selfplay.num_games, dtype)
        search_config = dataclasses.replace(config.search, num_simulations=1)
        # No noise is drawn, so the generator does not matter.
        self._search = factory.make(search_config, self._games, np.random.default_rng(0), family=family)
        self._builders: list[game_builder.GameBuilder] = []
        self._tables = geometry.make(config.game.size)
        self._scratch = board.make_scratch(config.game.size**2)

    @property
    def num_evaluations(self) -> int:
        """Number of network evaluations so far."""
        return self._search.num_evaluations

    def add(self, builder: game_builder.GameBuilder, position: np.void) -> None:
        """Adds a resigned game. position: its game state, which is copied."""
        self._games[len(self._builders)] = position
        self._builders.append(builder)

    def finish_when_enough(
        self, evaluator: evaluators.Evaluator
    ) -> list[tuple[game_builder.GameBuilder, np.void]]:
        """Plays all games out once there are enough for a batch; returns each with its final position."""
        if len(self._builders) < self._enough:
            return []
        under_way = np.arange(len(self._builders))
        while len(under_way):
            self._search.reset(under_way)
            policy = self._search.evaluate_roots(under_way, evaluator)
            actions = policy.argmax(axis=1)
            game_kernels.play_each(self._tables, self._games, self._scratch, under_way, actions)
            for index, action in zip(under_way, actions, strict=True):
                self._builders[index].add_after_resignation(int(action))
            plies = np.array([self._builders[index].ply for index in under_way])
            is_settled = self._adjudicator.settled(self._games, under_way, plies)
            under_way = under_way[~self._games["over"][under_way] & ~is_settled]
        finished = [(builder, self._games[index].copy()) for index, builder in enumerate(self._builders)]
        self._builders = []
        return finished
