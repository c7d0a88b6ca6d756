"""Adjudication of settled games: every point has an owner who cannot lose it, so play would change nothing.

`go.life` defines settled boards. The result is that of further play in which each side keeps its points and
captures dead stones, as Tromp-Taylor rules require.
"""

import numpy as np

from alphazero.config import game as game_config
from alphazero.config import schema
from alphazero.go import board, game_kernels, geometry, life, scoring
from alphazero.jit import jit

_EVERY_PLIES = 2


class Adjudicator:
    """Finds settled games, at every second ply, and the owners of finished ones."""

    def __init__(self, config: schema.Config) -> None:
        size = config.game.size
        self._is_on = config.selfplay.adjudicate
        # Fewer stones never settle a board; a check is cheap, so it need not start later.
        self._first_ply = 2 * size
        self._tables = geometry.make(size)
        self._board_scratch = board.make_scratch(size * size)
        self._life_scratch = life.make_scratch(size * size)

    def settled(self, games: np.ndarray, indices: np.ndarray, plies: np.ndarray) -> np.ndarray:
        """[B] bool: which of these games are settled and not over; checked at every second ply.

        plies: [B] moves so far.
        """
        is_due = (plies >= self._first_ply) & (plies % _EVERY_PLIES == 0) & ~games["over"][indices]
        is_settled = np.zeros(len(indices), np.bool_)
        if self._is_on and is_due.any():
            is_settled[is_due] = self._check(games, indices[is_due])
        return is_settled

    def warm_up(self, config: game_config.GameConfig) -> None:
        """Compiles the kernels for games with these rules."""
        self._check(game_kernels.new_games(1, config), np.zeros(1, np.int64))

    def _check(self, games: np.ndarray, indices: np.ndarray) -> np.ndarray:
        owner, found = np.zeros(self._tables.num_points, np.int8), np.zeros(len(indices), np.bool_)
        _find_settled(self._tables, games, self._life_scratch, indices, owner, found)
        return found

    def owner(self, position: np.void) -> np.ndarray:
        """[P] int8 owners, Black's view, of a game that is over (by area) or settled."""
        owner = np.zeros(self._tables.num_points, np.int8)
        if position["over"]:
            scoring.ownership(self._tables, position["stones"], self._board_scratch, owner)
        else:
            is_settled = life.is_settled(self._tables, position["stones"], self._life_scratch, owner)
            assert is_settled, "this game is neither over nor settled"
        return owner


@jit
def _find_settled(tables: geometry.Geometry, games, scratch: life.LifeScratch, indices, owner, found):
    """Fills found [B] bool: whether the boards of these games are settled. owner: [P] int8 scratch."""
    for slot in range(len(indices)):
        stones = games[indices[slot]].stones[:]
        found[slot] = life.is_settled(tables, stones, scratch, owner)
