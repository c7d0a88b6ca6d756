"""Players of matches: a network with a search, which chooses moves for many games at once."""

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.search import factory, interface, lost_games, symmetries


class SearchPlayer:
    """One side of a match. It searches without noise, so equal positions get equal moves.

    With `search=none` moves are drawn from the network's policy.
    """

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
        self._search = factory.make(self._config, games, self._rng, family=evaluators.family(self._evaluator))
        self._wrapped = symmetries.wrap(self._evaluator, self._config, round(num_points**0.5), self._rng)

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

        A player that has certainly lost passes instead of filling its own territory (`lost_games`).
        """
        options = interface.SearchOptions(
            num_simulations=self._config.num_simulations, num_considered=self._config.num_considered
        )
        result = self._search.search(indices, self._wrapped, options)
        actions = result.actions.copy()
        for slot, index in enumerate(indices):
            action, value = int(actions[slot]), float(result.values[slot])
            actions[slot] = lost_games.replace(action, value, self._games[int(index)])
        return actions
