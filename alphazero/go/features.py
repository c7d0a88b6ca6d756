"""Input planes of networks: the 18 planes of Leela Zero, defined in docs/conventions.md."""

import numpy as np

from alphazero.go import rules
from alphazero.go.geometry import Geometry
from alphazero.jit import Integer, jit

NUM_PLANES = 18
OPPONENT = rules.HISTORY + 1
"""First of the opponent's planes."""
BLACK_TO_MOVE, WHITE_TO_MOVE = 16, 17


@jit
def planes(geometry: Geometry, games: np.ndarray, indices: np.ndarray, out: np.ndarray) -> None:
    """Fills out [B, 18, P] uint8 with the planes of games[indices[b]]. games: records. indices: [B] int64."""
    for row in range(len(indices)):
        fill_planes(geometry, games, indices[row], out[row])


@jit
def fill_planes(geometry: Geometry, games: np.ndarray, index: Integer, out: np.ndarray) -> None:
    """Fills out [18, P] uint8 with the planes of games[index]. Boards before the first move are zero."""
    game = games[index]
    fill_from_boards(game.stones[:], game.past[:], game.num_moves, game.to_play, out)


@jit
def fill_from_boards(
    stones: np.ndarray, past: np.ndarray, num_moves: Integer, color: Integer, out: np.ndarray
) -> None:
    """Fills out [18, P] uint8 with the planes of a board and the 7 boards before it.

    Games, searches and the replay window all write their planes here.

    stones: [P] int8, or longer. past: [7, P] ring; the board before move n is past[n % 7], or EMPTY.
    num_moves: moves before this board; with 0, past holds the boards in order, the oldest first.
    color: to move.
    """
    _fill_stones(out[0], out[OPPONENT], stones, color)
    for step in range(1, OPPONENT):
        board = past[(num_moves + rules.HISTORY - step) % rules.HISTORY]
        _fill_stones(out[step], out[OPPONENT + step], board, color)
    out[BLACK_TO_MOVE] = np.uint8(color == rules.BLACK)
    out[WHITE_TO_MOVE] = np.uint8(color == rules.WHITE)


@jit
def _fill_stones(own: np.ndarray, opponent: np.ndarray, stones: np.ndarray, color: Integer) -> None:
    for point in range(len(own)):
        own[point] = stones[point] == color
        opponent[point] = stones[point] == 3 - color
