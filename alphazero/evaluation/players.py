"""Players of matches: a network with a search, which chooses moves for many games at once."""

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.go import board, geometry, rules, scoring
from alphazero.search import factory, interface, symmetries

_LOST = -0.9
"""Root value below which a player no longer fills its own territory."""


class SearchPlayer:
    """One side of a match. It searches without noise, so equal positions get equal moves."""

    def __init__(
        self,
        name: str,
        evaluator: evaluators.Evaluator,
        config: search_config.SearchConfig,
        rng: np.random.Generator,
    ) -> None:
        """name: for reports and SGF files. config: includes the number of simulations of a move."""
        self.name = name
        self._evaluator = evaluator
        self._config = config
        self._rng = rng

    def join(self, games: np.ndarray) -> None:
        """Joins these games [G], which the match advances."""
        num_points = games["stones"].shape[1] - 1
        self._games = games
        self._geometry = geometry.make(round(num_points**0.5))
        self._scratch = board.make_scratch(num_points)
        self._owner = np.zeros(num_points, np.int8)
        self._search = factory.make(self._config, games, self._rng)
        self._wrapped = symmetries.wrap(self._evaluator, self._config, self._geometry.size, self._rng)

    def reset(self, index: int) -> None:
        """Prepares for a new game in this slot."""
        self._search.reset(np.array([index]))

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        """Receives the moves in these games, the player's own included."""
        self._search.advance(indices, actions)

    @property
    def num_simulations(self) -> int:
        """Simulations of the player's searches since `join`."""
        return self._search.num_simulations

    def choose(self, indices: np.ndarray) -> np.ndarray:
        """Returns actions [B] for the games of these indices. The player is to move in all of them.

        A player that has certainly lost passes instead of filling its own territory. Filling gains nothing,
        and after a pass the winner can end the game, as it passes when a second pass wins.
        """
        options = interface.SearchOptions(
            num_simulations=self._config.num_simulations, num_considered=self._config.num_considered
        )
        result = self._search.search(indices, self._wrapped, options)
        actions = result.actions.copy()
        for slot in np.flatnonzero(result.values < _LOST):
            if self._fills_own_territory(int(indices[slot]), int(actions[slot])):
                actions[slot] = self._geometry.num_points
        return actions

    def _fills_own_territory(self, index: int, action: int) -> bool:
        """Whether the action is a point of an empty region that touches only stones of the player."""
        if action == self._geometry.num_points:
            return False
        position = self._games[index]
        scoring.ownership(self._geometry, position["stones"], self._scratch, self._owner)
        return self._owner[action] == (1 if position["to_play"] == rules.BLACK else -1)
