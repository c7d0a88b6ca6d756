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
from alphazero.data import targets as game_targets
from alphazero.go import board, features, game_kernels, geometry, input_families, rules, shapes, symmetry
from alphazero.jit import jit

_ALL_LEGAL = -1
_GIB = 2**30
_logger = logging.getLogger(__name__)


class PositionEntries(NamedTuple):
    """A ring buffer of W training positions beside their targets; entry n lies in slot n % W."""

    board_row: np.ndarray  # [W] int64 number of the position's board
    history: np.ndarray  # [W] int64 number of earlier boards of the same game, at most 7
    color: np.ndarray  # [W] int8 BLACK or WHITE to move
    has_next_policy: np.ndarray  # [W] bool whether the next entry is the next ply and has a policy
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
        fields: Collection[str] | None = None,
    ) -> None:
        """fields: the optional fields of `targets` that batches have, all by default."""
        wanted = {"policy", "value", *(game_targets.optional_fields() if fields is None else fields)}
        self._wanted = [target for target in game_targets.TARGETS if target.name in wanted]
        self._size = size
        self._config = config
        self._geometry = geometry.make(size)
        self._scratch = board.make_scratch(size * size)
        self._permutations = symmetry.permutations(size)
        self._capacity = capacity(size, config)
        if self._capacity < config.max_window:
            _logger.warning(limit_text(size, config))
        self._boards = _make_boards(size, self._capacity)
        self._entries = _make_entries(self._capacity)
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
        newest = self._entries.weights[(self._positions - 1) % self._capacity]
        return float(newest - self._entries.weights[slots].mean())

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
        self._entries.board_row[slots] = self._num_boards + plies - first
        self._entries.history[slots] = np.minimum(plies, rules.HISTORY)
        self._entries.color[slots] = np.where(plies % 2 == 0, rules.BLACK, rules.WHITE)
        self._entries.has_next_policy[slots] = np.append(np.diff(plies) == 1, False) & np.append(
            record.has_policy[plies[1:]], False
        )
        self._entries.draw_weight[slots] = game_targets.draw_weights(record, self._config)[plies]
        self._entries.weights[slots] = record.newest_weights
        for target in self._wanted:
            if not isinstance(target.source, game_targets.Derived):
                self._targets[target.name][slots] = target.source(record, self._config)[plies]
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
            weights = self._entries.draw_weight[offered % self._capacity]
            found.append(offered[rng.random(len(offered)) * self._config.surprise_limit < weights])
        return np.concatenate(found)[:count]

    def gather(self, numbers: np.ndarray, symmetries: np.ndarray) -> batches.TrainingBatch:
        """The targets with these numbers, counted from the first one ever added, in these symmetries."""
        slots = numbers % self._capacity
        drawn = {target.name: self._read(target, slots, symmetries) for target in self._wanted}
        return batches.TrainingBatch(
            planes=input_families.LEELA.pack(self._planes(slots, symmetries)),
            globals=np.zeros((len(numbers), 0), np.float32),
            policy=drawn.pop("policy"),
            value=drawn.pop("value"),
            weight=np.ones(len(numbers), np.float32),
            auxiliary=drawn,
        )

    def _planes(self, slots: np.ndarray, symmetries: np.ndarray) -> np.ndarray:
        """[B, 18, P] uint8 planes of these slots, turned."""
        planes = np.empty((len(slots), features.NUM_PLANES, self._size**2), np.uint8)
        turned = np.empty((rules.HISTORY + 1, self._size**2), np.int8)
        entries = self._entries
        window = _WindowArrays(
            self._boards, entries.board_row, entries.history, entries.color, self._permutations
        )
        _fill_positions(window, planes, turned, slots, symmetries)
        return planes

    def _read(self, target: game_targets.Target, slots: np.ndarray, symmetries: np.ndarray) -> np.ndarray:
        """[B, ...] targets of these slots, turned. Rows over actions sum to 1, or to 0 without a policy."""
        if target.source is game_targets.Derived.next_policy:
            stored = self._targets["policy"][(slots + 1) % self._capacity]
            stored[~self._entries.has_next_policy[slots]] = 0
        else:
            stored = self._targets[target.name][slots]
        # Numba has no float16 on CPUs, so numpy widens policies first.
        values = stored.astype(target.batch_dtype, copy=False)
        if target.shape == shapes.ACTIONS:
            _normalize(values)
        if not target.shape.is_turned:
            return values
        turned = np.empty_like(values)
        _turn(self._permutations, values, turned, symmetries)
        return turned

    def _forget_overwritten(self) -> None:
        """Moves `_oldest` past targets whose slot, board or history was overwritten."""
        self._oldest = max(self._oldest, self._positions - self._capacity)
        first_board = self._num_boards - len(self._boards)
        while self._oldest < self._positions:
            slot = self._oldest % self._capacity
            if self._entries.board_row[slot] - self._entries.history[slot] >= first_board:
                return
            self._oldest += 1


def bytes_per_target(size: int) -> int:
    """Memory of one target, its two boards included: 5 P bytes and a constant."""
    arrays = [*_make_entries(1), *_make_targets(size, 1).values()]
    return sum(array.nbytes for array in arrays) + 2 * size * size


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


def _make_entries(count: int) -> PositionEntries:
    return PositionEntries(
        board_row=np.zeros(count, np.int64),
        history=np.zeros(count, np.int64),
        color=np.zeros(count, np.int8),
        has_next_policy=np.zeros(count, np.bool_),
        draw_weight=np.zeros(count, np.float32),
        weights=np.zeros(count, np.int64),
    )


def _make_targets(size: int, count: int) -> dict[str, np.ndarray]:
    """[W, ...] stored targets by name, zero. The system gives memory only to those that are written."""
    return {
        target.name: np.zeros((count, *target.shape.dimensions(size)), target.dtype)
        for target in game_targets.TARGETS
        if not isinstance(target.source, game_targets.Derived)
    }


class _WindowArrays(NamedTuple):
    boards: np.ndarray
    board_row: np.ndarray
    history: np.ndarray
    color: np.ndarray
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
def _fill_positions(window, planes, boards, slots, symmetries):
    """Fills planes [B, 18, P]. boards: [8, P] int8 scratch."""
    for row in range(len(slots)):
        slot = slots[row]
        _turn_boards(window, boards, slot, window.permutations[symmetries[row]])
        features.fill_from_boards(boards[-1], boards[:-1], np.int32(0), window.color[slot], planes[row])


@jit
def _turn_boards(window, boards, slot, permutation):
    """Fills boards [8, P] with a position's history, oldest first, its points moved by `permutation`."""
    for step in range(len(boards)):
        turned = boards[len(boards) - 1 - step]
        if step > window.history[slot]:
            for point in range(len(turned)):
                turned[point] = rules.EMPTY
            continue
        stones = window.boards[(window.board_row[slot] - step) % len(window.boards)]
        for point in range(len(turned)):
            turned[permutation[point]] = stones[point]


@jit
def _normalize(policies):
    """Scales the rows of policies [B, A] to sum to 1; rows of zeros stay zero."""
    for row in range(len(policies)):
        total = policies[row].sum()
        scale = np.float32(1) / total if total > 0 else np.float32(0)
        for action in range(policies.shape[1]):
            policies[row, action] *= scale


@jit
def _turn(permutations, values, turned, symmetries):
    """Fills turned [B, P or A] with the rows of values, each moved by its own symmetry."""
    for row in range(len(values)):
        permutation = permutations[symmetries[row]]
        for index in range(values.shape[1]):
            turned[row, permutation[index]] = values[row, index]
