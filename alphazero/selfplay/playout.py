"""Finishes resigned games with the raw policy, so that every game has a score and owners."""

import dataclasses

import numpy as np

from alphazero.config import schema
from alphazero.go import board, game, geometry
from alphazero.search import evaluator as evaluators
from alphazero.search import kinds
from alphazero.selfplay import adjudicate
from alphazero.selfplay import draft as drafts


class PlayOut:
    """Gathers resigned games and plays them out together, one evaluation a move."""

    def __init__(self, config: schema.Config, dtype: np.dtype, adjudicator: adjudicate.Adjudicator) -> None:
        """dtype: of the game records. adjudicator: stops play-outs of settled games."""
        self._adjudicator = adjudicator
        self._enough = max(1, config.selfplay.num_games // 4)
        # Every game of the worker may resign on the same move.
        self._games = np.zeros(self._enough + config.selfplay.num_games, dtype)
        search_config = dataclasses.replace(config.search, num_simulations=1)
        # No noise is drawn, so any generator does.
        self._search = kinds.make(search_config, self._games, np.random.default_rng(0))
        self._drafts: list[drafts.GameDraft] = []
        self._tables = geometry.make(config.game.size)
        self._scratch = board.make_scratch(config.game.size**2)

    @property
    def num_evaluations(self) -> int:
        """Network evaluations so far."""
        return self._search.num_evaluations

    def add(self, draft: drafts.GameDraft, position: np.void) -> None:
        """Takes over a resigned game; position: its game record, copied."""
        self._games[len(self._drafts)] = position
        self._drafts.append(draft)

    def run_when_enough(self, evaluator: evaluators.Evaluator) -> list[tuple[drafts.GameDraft, np.void]]:
        """Plays all games out once they make a fair batch; returns each with its final record."""
        if len(self._drafts) < self._enough:
            return []
        under_way = np.arange(len(self._drafts))
        while len(under_way):
            self._search.reset(under_way)
            policy = self._search.evaluate_roots(under_way, evaluator)
            actions = policy.argmax(axis=1)
            game.play_each(self._tables, self._games, self._scratch, under_way, actions)
            for index, action in zip(under_way, actions, strict=True):
                self._drafts[index].add_play_out(int(action))
            plies = np.array([self._drafts[index].ply for index in under_way])
            is_settled = self._adjudicator.settled(self._games, under_way, plies)
            under_way = under_way[~self._games["over"][under_way] & ~is_settled]
        finished = [(draft, self._games[index].copy()) for index, draft in enumerate(self._drafts)]
        self._drafts = []
        return finished
