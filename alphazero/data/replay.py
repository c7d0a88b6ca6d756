"""The replay window: the most recent positions, from which batches are drawn."""

import logging
import math
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from alphazero import arrays
from alphazero.config import replay as replay_config
from alphazero.data import batch as batches
from alphazero.data import record as records
from alphazero.data import rows as data_rows
from alphazero.data import targets as game_targets
from alphazero.go import board, features, game_kernels, geometry, rules, symmetry
from alphazero.jit import jit

_ALL_LEGAL = -1
_GIB = 2**30
_logger = logging.getLogger(__name__)


class PositionTargets(NamedTuple):
    """A ring buffer of W training positions; entry n lies in slot n % W."""

    board_row: np.ndarray  # [W] int64 number of the position's board
    history: np.ndarray  # [W] int64 number of earlier boards of the same game, at most 7
    color: np.ndarray  # [W] int8 BLACK or WHITE to move
    policy: np.ndarray  # [W, A] float16, a row of zeros without a policy target
    has_reply: np.ndarray  # [W] bool whether the next entry is the next ply and has a policy
    value: np.ndarray  # [W] float32 for the player to move
    ownership: np.ndarray  # [W, P] int8 +1 Black, -1 White, 0 neutral
    score: np.ndarray  # [W] float32 for the player to move
    short_term: np.ndarray  # [W, H] float32 for the player to move, if a field of batches
    draw_weight: np.ndarray  # [W] float32 relative frequency of drawing it
    weights: np.ndarray  # [W] int64 version of the network at the end of its game


class ReplayWindow:
    """The most recent positions with a target, and the boards that they and their history need.

    All memory is allocated at the start: W = `capacity` targets and 2 W boards, `bytes_per_target` for each
    target (9x9: 114 MB for 250,000). If targets are rare and the boards run out, the window is shorter. A
    position never gets a board of another game.
    """

    def __init__(
        self,
        size: int,
        config: replay_config.ReplayConfig,
        fields: Collection[str] = data_rows.OPTIONAL,
    ) -> None:
        """fields: fields of `rows.OPTIONAL` that batches have."""
        self._fields = frozenset(fields)
        self._size = size
        self._config = config
        self._geometry = geometry.make(size)
        self._scratch = board.make_scratch(size * size)
        self._permutations = symmetry.permutations(size)
        self._capacity = capacity(size, config)
        if self._capacity < config.max_window:
            _logger.warning(limit_text(size, config))
        self._boards = _make_boards(size, self._capacity)
        self._targets = _make_targets(size, self._capacity)
        self._positions = 0
        self._num_boards = 0
        self._oldest = 0  # number of the oldest target whose boards are all still stored

    @property
    def capacity(self) -> int:
        """Largest number of positions in the window."""
        return self._capacity

    @property
    def positions(self) -> int:
        """Number of positions with a target that were added or skipped so far."""
        return self._positions

    def __len__(self) -> int:
        """Number of positions that `sample` draws from."""
        config = self._config
        share = int(config.window_share * self._positions)
        wanted = min(max(share, config.min_window), self._capacity)
        return min(wanted, self._positions - self._oldest)

    @property
    def staleness(self) -> float:
        """Mean age of the window's networks relative to that of its newest game, in optimizer steps."""
        if len(self) == 0:
            return 0.0
        slots = np.arange(self._positions - len(self), self._positions) % self._capacity
        newest = self._targets.weights[(self._positions - 1) % self._capacity]
        return float(newest - self._targets.weights[slots].mean())

    def skip(self, num_targets: int) -> None:
        """Counts positions that are too old for the window; only allowed before the first `add`."""
        assert self._num_boards == 0, "skipped positions come first"
        self._positions += num_targets
        self._oldest = self._positions

    def add(self, record: records.GameRecord) -> int:
        """Replays and stores a game; returns its number of targets. Raises ValueError like `replay`."""
        return self.add_replayed(record, self.replay(record))

    def replay(self, record: records.GameRecord) -> np.ndarray:
        """[num_played, P] int8 boards that the players faced; does not change the window.

        Raises ValueError for another board size or an illegal move.
        """
        if record.size != self._size:
            raise ValueError(f"game {record.game_id}: size {record.size}, expected {self._size}")
        position = game_kernels.new_games(1, record.rules, _most_plies(record))
        faced = np.empty((record.num_played, record.num_points), np.int8)
        ply = _replay(self._geometry, position, self._scratch, record.moves, faced)
        if ply != _ALL_LEGAL:
            move = rules.format_move(int(record.moves[ply]), self._size)
            raise ValueError(f"game {record.game_id}: move {ply + 1}, {move}, is illegal")
        return faced

    def add_replayed(self, record: records.GameRecord, faced: np.ndarray) -> int:
        """Stores a game with its boards from `replay`; returns its number of targets."""
        plies = np.flatnonzero(record.has_target)
        if not len(plies):
            return 0
        first, last = max(0, int(plies[0]) - rules.HISTORY), int(plies[-1])
        rows = self._num_boards + np.arange(last + 1 - first)
        self._boards[rows % len(self._boards)] = faced[first : last + 1]
        slots = (self._positions + np.arange(len(plies))) % self._capacity
        self._targets.board_row[slots] = self._num_boards + plies - first
        self._targets.history[slots] = np.minimum(plies, rules.HISTORY)
        self._targets.color[slots] = np.where(plies % 2 == 0, rules.BLACK, rules.WHITE)
        self._targets.policy[slots] = record.policy[plies]
        self._targets.has_reply[slots] = np.append(np.diff(plies) == 1, False) & np.append(
            record.has_policy[plies[1:]], False
        )
        self._targets.value[slots] = game_targets.values(record, self._config)[plies]
        self._targets.ownership[slots] = record.ownership
        self._targets.score[slots] = game_targets.scores(record)[plies]
        if "short_term" in self._fields:
            self._targets.short_term[slots] = game_targets.short_term_values(record)[plies]
        self._targets.draw_weight[slots] = game_targets.draw_weights(record, self._config)[plies]
        self._targets.weights[slots] = record.newest_weights
        self._num_boards += len(rows)
        self._positions += len(plies)
        self._forget_overwritten()
        return len(plies)

    def sample(self, batch_size: int, rng: np.random.Generator) -> batches.TrainingBatch:
        """Positions drawn with replacement by their weights, each in a random symmetry of the board."""
        assert len(self) > 0, "the window is empty"
        numbers = self._draw(batch_size, rng)
        symmetries = rng.integers(0, len(self._permutations), batch_size)
        return self.gather(numbers, symmetries)

    def _draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """[count] numbers of targets; different draw weights are applied by rejection sampling."""
        first = self._positions - len(self)
        if self._config.surprise_weight == 0:
            return rng.integers(first, self._positions, count)
        found: list[np.ndarray] = []
        while sum(map(len, found)) < count:
            offered = rng.integers(first, self._positions, math.ceil(self._config.surprise_limit * count))
            weights = self._targets.draw_weight[offered % self._capacity]
            found.append(offered[rng.random(len(offered)) * self._config.surprise_limit < weights])
        return np.concatenate(found)[:count]

    def gather(self, numbers: np.ndarray, symmetries: np.ndarray) -> batches.TrainingBatch:
        """The targets with these numbers, counted from the first one ever added, in these symmetries."""
        num_points, batch_size = self._size**2, len(numbers)
        slots = numbers % self._capacity
        planes = np.zeros((batch_size, features.NUM_PLANES, num_points), np.uint8)
        ownership = np.empty((batch_size, num_points), np.int8)
        window = _WindowArrays(
            self._boards, self._targets.board_row, self._targets.history, self._targets.color,
            self._targets.ownership, self._permutations,
        )  # fmt: skip
        _fill_positions(window, planes, ownership, slots, symmetries)
        replies = None
        if "reply" in self._fields:
            replies = self._policies((slots + 1) % self._capacity, symmetries)
            replies[~self._targets.has_reply[slots]] = 0
        batch = batches.TrainingBatch(
            planes=features.pack(planes),
            policy=self._policies(slots, symmetries),
            value=self._targets.value[slots],
            weight=np.ones(batch_size, np.float32),
            ownership=ownership,
            score=self._targets.score[slots],
            reply=replies,
            short_term=self._targets.short_term[slots],
        )
        return data_rows.keep_fields(batch, self._fields)

    def _policies(self, slots: np.ndarray, symmetries: np.ndarray) -> np.ndarray:
        """[B, A] float32 policies of these slots, turned; rows sum to 1, or to 0 without a policy."""
        # Numba has no float16 on CPUs, so numpy widens the policies first.
        stored = self._targets.policy[slots].astype(np.float32)
        turned = np.empty_like(stored)
        _turn_policies(self._permutations, stored, turned, symmetries)
        return turned

    def _forget_overwritten(self) -> None:
        """Moves `_oldest` past targets whose slot, board or history was overwritten."""
        self._oldest = max(self._oldest, self._positions - self._capacity)
        first_board = self._num_boards - len(self._boards)
        while self._oldest < self._positions:
            slot = self._oldest % self._capacity
            if self._targets.board_row[slot] - self._targets.history[slot] >= first_board:
                return
            self._oldest += 1


def bytes_per_target(size: int) -> int:
    """Memory of one target, its two boards included: 5 P bytes and a constant."""
    return sum(array.nbytes for array in _make_targets(size, 1)) + 2 * size * size


def num_bytes(size: int, targets: int) -> int:
    """Memory of the arrays of a window with this many targets."""
    return targets * bytes_per_target(size) + 2 * size**4


def capacity(size: int, config: replay_config.ReplayConfig) -> int:
    """Largest number of targets in a window: `max_window`, or fewer if they exceed `max_gib`."""
    fitting = (config.max_gib * _GIB - num_bytes(size, 0)) // bytes_per_target(size)
    return max(1, min(config.max_window, int(fitting)))


def limit_text(size: int, config: replay_config.ReplayConfig) -> str:
    """A message that `max_gib` shortens the window."""
    return (
        f"replay.max_gib={config.max_gib:g} has room for {capacity(size, config):,} positions "
        f"of {size}x{size}, not for replay.max_window={config.max_window:,}"
    )


def _make_boards(size: int, targets: int) -> np.ndarray:
    return np.zeros((2 * targets + 2 * size * size, size * size), np.int8)


def _make_targets(size: int, targets: int) -> PositionTargets:
    num_points = size * size
    return PositionTargets(
        board_row=np.zeros(targets, np.int64),
        history=np.zeros(targets, np.int64),
        color=np.zeros(targets, np.int8),
        policy=np.zeros((targets, num_points + 1), np.float16),
        has_reply=np.zeros(targets, np.bool_),
        value=np.zeros(targets, np.float32),
        ownership=np.zeros((targets, num_points), np.int8),
        score=np.zeros(targets, np.float32),
        short_term=np.zeros((targets, len(game_targets.SHORT_TERM_TURNS)), np.float32),
        draw_weight=np.zeros(targets, np.float32),
        weights=np.zeros(targets, np.int64),
    )


class _WindowArrays(NamedTuple):
    boards: np.ndarray
    board_row: np.ndarray
    history: np.ndarray
    color: np.ndarray
    ownership: np.ndarray
    permutations: np.ndarray


def _most_plies(record: records.GameRecord) -> int:
    """Capacity for the game's moves; few different values, because kernels are compiled for each."""
    return max(2 * record.num_points, 1 << (record.move_limit - 1).bit_length())


@jit
def _replay(tables, position, scratch, moves, faced):
    """Fills faced [T, P] with the board before each of the first T moves.

    Returns the ply of the first illegal move, or _ALL_LEGAL.
    """
    for ply in range(len(faced)):
        arrays.copy(faced[ply], position[0].stones[:])
        if game_kernels.play(tables, position, scratch, 0, np.int64(moves[ply])) != rules.OK:
            return ply
    return _ALL_LEGAL


@jit
def _fill_positions(window, planes, ownership, slots, symmetries):
    """Fills planes [B, 18, P], which must be zero, and ownership [B, P]."""
    for row in range(len(slots)):
        slot = slots[row]
        permutation = window.permutations[symmetries[row]]
        _fill_planes(window, planes[row], slot, permutation)
        sign = 1 if window.color[slot] == rules.BLACK else -1
        for point in range(ownership.shape[1]):
            ownership[row, permutation[point]] = sign * window.ownership[slot, point]


@jit
def _turn_policies(permutations, stored, turned, symmetries):
    """Fills turned [B, A] with the rows of stored [B, A], scaled to sum to 1; rows of zeros stay zero."""
    for row in range(len(stored)):
        permutation = permutations[symmetries[row]]
        total = stored[row].sum()
        scale = np.float32(1) / total if total > 0 else np.float32(0)
        for action in range(stored.shape[1]):
            turned[row, permutation[action]] = stored[row, action] * scale


@jit
def _fill_planes(window, planes, slot, permutation):
    """The planes of `alphazero.go.features` from stored boards, with points moved by `permutation`."""
    color = window.color[slot]
    for step in range(window.history[slot] + 1):
        stones = window.boards[(window.board_row[slot] - step) % len(window.boards)]
        for point in range(len(stones)):
            if stones[point] == color:
                planes[step, permutation[point]] = 1
            elif stones[point] != rules.EMPTY:
                planes[features.OPPONENT + step, permutation[point]] = 1
    planes[features.BLACK_TO_MOVE if color == rules.BLACK else features.WHITE_TO_MOVE] = 1
