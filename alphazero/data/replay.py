"""The window of recent positions and how a batch is drawn from it."""

from typing import NamedTuple

import numpy as np

from alphazero import arrays
from alphazero.config import replay as replay_config
from alphazero.data import batch as batches
from alphazero.data import record as records
from alphazero.go import board as boards
from alphazero.go import features, rules, symmetry
from alphazero.go import game as games
from alphazero.go import geometry as geometries
from alphazero.jit import jit

_ALL_LEGAL = -1


class Targets(NamedTuple):
    """A ring of W positions that training may draw; entry n lies in slot n % W."""

    board_row: np.ndarray  # [W] int64 number of the position's board
    history: np.ndarray  # [W] int64 boards of the same game before it, at most 7
    color: np.ndarray  # [W] int8 BLACK or WHITE to move
    policy: np.ndarray  # [W, A] float16, a row of zeros where only value and ownership are taught
    value: np.ndarray  # [W] float32 for the player to move
    ownership: np.ndarray  # [W, P] int8 +1 Black, -1 White, 0 nobody


class ReplayWindow:
    """The newest positions with a target, and the boards that they and their history need.

    All memory is taken at once: W = `max_window` targets and 2 W boards, about 5 P bytes for each
    target (9x9: 100 MB for 250,000). Should targets be so rare that the boards run out, the window
    is shorter; no board is ever shown that belongs to another game.
    """

    def __init__(self, size: int, config: replay_config.ReplayConfig) -> None:
        self._size = size
        self._config = config
        self._geometry = geometries.make(size)
        self._scratch = boards.make_scratch(size * size)
        self._permutations = symmetry.permutations(size)
        num_points, capacity = size * size, config.max_window
        self._boards = np.zeros((2 * capacity + 2 * num_points, num_points), np.int8)
        self._targets = Targets(
            board_row=np.zeros(capacity, np.int64),
            history=np.zeros(capacity, np.int64),
            color=np.zeros(capacity, np.int8),
            policy=np.zeros((capacity, num_points + 1), np.float16),
            value=np.zeros(capacity, np.float32),
            ownership=np.zeros((capacity, num_points), np.int8),
        )
        self._positions = 0
        self._num_boards = 0
        self._oldest = 0  # number of the first target whose boards are all still there

    @property
    def positions(self) -> int:
        """Positions with a target that were ever added or skipped."""
        return self._positions

    def __len__(self) -> int:
        """Positions that `sample` draws from."""
        config = self._config
        share = int(config.window_share * self._positions)
        wanted = min(max(share, config.min_window), config.max_window)
        return min(wanted, self._positions - self._oldest)

    def skip(self, num_targets: int) -> None:
        """Counts positions that are too old to matter, before anything is added."""
        assert self._num_boards == 0, "skipped positions come first"
        self._positions += num_targets
        self._oldest = self._positions

    def add(self, record: records.GameRecord) -> int:
        """Replays and stores a game; returns its number of targets. ValueError: it is illegal."""
        return self.add_replayed(record, self.replay(record))

    def replay(self, record: records.GameRecord) -> np.ndarray:
        """The boards [num_played, P] int8 that the players faced; changes nothing.

        ValueError: another board size, or a move against the rules.
        """
        if record.size != self._size:
            raise ValueError(f"game {record.game_id}: size {record.size}, expected {self._size}")
        position = games.new_games(1, record.rules, _capacity(record))
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
        slots = (self._positions + np.arange(len(plies))) % len(self._targets.value)
        self._targets.board_row[slots] = self._num_boards + plies - first
        self._targets.history[slots] = np.minimum(plies, rules.HISTORY)
        self._targets.color[slots] = np.where(plies % 2 == 0, rules.BLACK, rules.WHITE)
        self._targets.policy[slots] = record.policy[plies]
        self._targets.value[slots] = value_targets(record, self._config)[plies]
        self._targets.ownership[slots] = record.ownership
        self._num_boards += len(rows)
        self._positions += len(plies)
        self._forget_overwritten()
        return len(plies)

    def sample(self, batch_size: int, rng: np.random.Generator) -> batches.Batch:
        """Positions drawn uniformly with replacement, each in a random symmetry of the board."""
        assert len(self) > 0, "the window is empty"
        numbers = rng.integers(self._positions - len(self), self._positions, batch_size)
        symmetries = rng.integers(0, len(self._permutations), batch_size)
        return self.gather(numbers, symmetries)

    def gather(self, numbers: np.ndarray, symmetries: np.ndarray) -> batches.Batch:
        """The targets of these numbers (counted from the first ever added) in these symmetries."""
        num_points, batch_size = self._size**2, len(numbers)
        slots = numbers % len(self._targets.value)
        batch = batches.Batch(
            planes=np.zeros((batch_size, features.NUM_PLANES, self._size, self._size), np.uint8),
            policy=np.empty((batch_size, num_points + 1), np.float32),
            value=self._targets.value[slots],
            ownership=np.empty((batch_size, num_points), np.float32),
            weight=np.ones(batch_size, np.float32),
        )
        flat = batch._replace(planes=batch.planes.reshape(batch_size, features.NUM_PLANES, num_points))
        # Numba has no float16 on CPUs, so numpy widens the policies first.
        policies = self._targets.policy[slots].astype(np.float32)
        window = _Window(
            self._boards, self._targets.board_row, self._targets.history, self._targets.color,
            self._targets.ownership, self._permutations,
        )  # fmt: skip
        _fill_batch(window, flat, policies, slots, symmetries)
        return batch

    def _forget_overwritten(self) -> None:
        """Moves `_oldest` past targets whose slot, board or history has been written over."""
        capacity = len(self._targets.value)
        self._oldest = max(self._oldest, self._positions - capacity)
        first_board = self._num_boards - len(self._boards)
        while self._oldest < self._positions:
            slot = self._oldest % capacity
            if self._targets.board_row[slot] - self._targets.history[slot] >= first_board:
                return
            self._oldest += 1


class _Window(NamedTuple):
    boards: np.ndarray
    board_row: np.ndarray
    history: np.ndarray
    color: np.ndarray
    ownership: np.ndarray
    permutations: np.ndarray


def value_targets(record: records.GameRecord, config: replay_config.ReplayConfig) -> np.ndarray:
    """[num_played] float32 in [-1, 1] for the player to move; nan where nothing was searched.

    outcome_weight * ((1 - score_weight) * win + score_weight * tanh(score / score_scale))
    + (1 - outcome_weight) * value of the search's root.
    """
    outcome = (1 - config.score_weight) * record.winner
    outcome += config.score_weight * np.tanh(record.score / config.score_scale)
    black_or_white = np.where(np.arange(record.num_played) % 2 == 0, 1, -1)
    roots = np.clip(record.root_values.astype(np.float64), -1, 1)
    values = config.outcome_weight * outcome * black_or_white + (1 - config.outcome_weight) * roots
    return values.astype(np.float32)


def _capacity(record: records.GameRecord) -> int:
    """Room for the game; few different values, since kernels are compiled for each."""
    return max(2 * record.num_points, 1 << (record.move_limit - 1).bit_length())


@jit
def _replay(geometry, position, scratch, moves, faced):
    """Fills faced [T, P] with the board before each of the first T moves.

    Returns the ply of the first illegal move, or _ALL_LEGAL.
    """
    for ply in range(len(faced)):
        arrays.copy(faced[ply], position[0].stones[:])
        if games.play(geometry, position, scratch, 0, np.int64(moves[ply])) != rules.OK:
            return ply
    return _ALL_LEGAL


@jit
def _fill_batch(window, batch, policies, slots, symmetries):
    """Fills planes, policy and ownership of the batch; planes must be zero."""
    num_points = window.boards.shape[1]
    for row in range(len(slots)):
        slot = slots[row]
        permutation = window.permutations[symmetries[row]]
        _fill_planes(window, batch.planes[row], slot, permutation)
        sign = np.float32(1) if window.color[slot] == rules.BLACK else np.float32(-1)
        total = policies[row].sum()
        scale = np.float32(1) / total if total > 0 else np.float32(0)
        for point in range(num_points):
            batch.ownership[row, permutation[point]] = sign * window.ownership[slot, point]
        for action in range(num_points + 1):
            batch.policy[row, permutation[action]] = policies[row, action] * scale


@jit
def _fill_planes(window, planes, slot, permutation):
    """The planes of `alphazero.go.features` from stored boards, points moved by `permutation`."""
    color = window.color[slot]
    for step in range(window.history[slot] + 1):
        stones = window.boards[(window.board_row[slot] - step) % len(window.boards)]
        for point in range(len(stones)):
            if stones[point] == color:
                planes[step, permutation[point]] = 1
            elif stones[point] != rules.EMPTY:
                planes[features.OPPONENT + step, permutation[point]] = 1
    planes[features.BLACK_TO_MOVE if color == rules.BLACK else features.WHITE_TO_MOVE] = 1
