"""Helpers for tests of the rules: random games, and conversions to and from the reference."""

from typing import NamedTuple

import hypothesis.strategies as st
import numpy as np

from alphazero.config import game as game_config
from alphazero.go import board, game_kernels, geometry, play, rules
from tests.reference import board as reference_board

CAPACITY = 200
"""Capacity of every small game in these tests, so that kernels are compiled once for each size."""
COLORS = {"b": rules.BLACK, "w": rules.WHITE}


class RandomGame(NamedTuple):
    """Parameters of a random game. Hypothesis shrinks it to fewer moves."""

    size: int
    suicide: bool
    num_moves: int
    seed: int
    ko: game_config.Ko = game_config.Ko.positional

    def choices(self) -> np.ndarray:
        """[num_moves] random numbers for `choose`."""
        return np.random.default_rng(self.seed).integers(0, 2**31, self.num_moves)


def random_games(sizes: tuple[int, ...], max_moves: int = 80) -> st.SearchStrategy[RandomGame]:
    """Games of up to `max_moves` moves. Two passes end them earlier."""
    return st.builds(
        RandomGame,
        size=st.sampled_from(sizes),
        suicide=st.booleans(),
        num_moves=st.integers(0, max_moves),
        seed=st.integers(0, 2**32),
        ko=st.sampled_from(game_config.Ko),
    )


def choose(legal: np.ndarray, choice: int) -> int:
    """One of the legal actions [A] bool. Rarely a pass if there is another."""
    actions = np.flatnonzero(legal)
    may_pass = len(actions) == 1 or choice % 16 == 0
    return int(actions[(choice // 16) % (len(actions) if may_pass else len(actions) - 1)])


def make_board(stones: np.ndarray) -> np.record:
    """A game record with these stones [P + 1] and their chains; only its board is set."""
    size = round((len(stones) - 1) ** 0.5)
    boards = np.zeros(1, game_kernels.game_dtype(size, CAPACITY))
    boards["stones"] = stones
    board.find_chains(geometry.make(size), boards[0])
    return boards[0]


def play_randomly(seed: RandomGame) -> play.Game:
    """The game of these parameters, played by the kernels."""
    position = play.Game(seed.size, 7.0, ko=seed.ko, suicide=seed.suicide, capacity=CAPACITY)
    for choice in seed.choices():
        if position.is_over:
            break
        position.play(choose(position.legal(), int(choice)))
    return position


def as_point(point: int, size: int) -> reference_board.Point:
    """A point in the form of the reference."""
    return point % size, point // size


def as_move(action: int, size: int) -> reference_board.Point | None:
    """An action in the form of the reference."""
    return None if action == size * size else as_point(action, size)


def as_stones(stones: reference_board.Stones, size: int) -> np.ndarray:
    """Stones [P] int8 of a board of the reference."""
    array = np.zeros(size * size, np.int8)
    for (x, y), color in stones.items():
        array[y * size + x] = COLORS[color]
    return array


def as_mask(points: set[reference_board.Point], size: int) -> np.ndarray:
    """Mask [P] bool of a set of points."""
    mask = np.zeros(size * size, np.bool_)
    for x, y in points:
        mask[y * size + x] = True
    return mask


def actions(text: str, size: int) -> list[int]:
    """Actions of moves in GTP's names, separated by spaces."""
    return [rules.parse_move(move, size) for move in text.split()]


def past_boards(record: np.record) -> np.ndarray:
    """Boards [7, P] of a game one to seven moves ago."""
    return record.past[[(record.num_moves - step) % rules.HISTORY for step in range(1, rules.HISTORY + 1)]]


class Table(NamedTuple):
    """Arguments of kernels for games of one size."""

    geometry: geometry.Geometry
    games: np.ndarray
    scratch: board.Scratch


def make_table(size: int, count: int = 1, *, move_limit: int = rules.UNLIMITED, **settings) -> Table:
    """New games of one size and of CAPACITY moves. settings: other fields of GameConfig."""
    config = game_config.GameConfig(size=size, move_limit=move_limit, **settings)
    games = game_kernels.new_games(count, config, capacity=CAPACITY)
    return Table(geometry.make(size), games, board.make_scratch(size * size))
