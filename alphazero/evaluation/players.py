"""Who plays a match: a network with a search, choosing moves for many games at once."""

import numpy as np

from alphazero.config import search as search_config
from alphazero.go import board, geometry, rules, scoring
from alphazero.search import evaluator as evaluators
from alphazero.search import kinds, lockstep, symmetries

_LOST = -0.9
"""Root value below which a player no longer fills its own territory."""


class Player:
    """One side of a match; searches without noise, so equal positions get equal moves."""

    def __init__(
        self,
        name: str,
        evaluator: evaluators.Evaluator,
        config: search_config.SearchConfig,
        rng: np.random.Generator,
    ) -> None:
        """name: for reports and SGF files. config: also says how many simulations a move gets."""
        self.name = name
        self._evaluator = evaluator
        self._config = config
        self._rng = rng

    def join(self, games: np.ndarray) -> None:
        """Sits down at these games [G], which the match advances."""
        num_points = games["stones"].shape[1] - 1
        self._games = games
        self._geometry = geometry.make(round(num_points**0.5))
        self._scratch = board.make_scratch(num_points)
        self._owner = np.zeros(num_points, np.int8)
        self._search = kinds.make(self._config, games, self._rng)
        self._asked = symmetries.wrap(self._evaluator, self._config, self._geometry.size, self._rng)

    def reset(self, index: int) -> None:
        """Another game begins in this place."""
        self._search.reset(np.array([index]))

    def advance(self, indices: np.ndarray, actions: np.ndarray) -> None:
        """Hears of moves in these games, its own included."""
        self._search.advance(indices, actions)

    @property
    def num_simulations(self) -> int:
        """Descents of its searches since it sat down."""
        return self._search.num_simulations

    def choose(self, indices: np.ndarray) -> np.ndarray:
        """Actions [B] for the games of these indices, in all of which it is to move.

        A player that is sure to have lost passes instead of filling its own territory. That gains
        nothing, and the winner, which passes when a second pass wins, can end the game.
        """
        options = lockstep.SearchOptions(
            num_simulations=self._config.num_simulations, num_considered=self._config.num_considered
        )
        result = self._search.search(indices, self._asked, options)
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
