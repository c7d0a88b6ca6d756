"""The replay window: the most recent positions, from which batches are drawn."""

import logging
import math
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from alphazero.config import replay as replay_config
from alphazero.data import batch as batches
from alphazero.data import packed_inputs
from alphazero.data import record as records
from alphazero.data import targets as game_targets
from alphazero.go import game_kernels, input_families, rules, shapes, symmetry
from alphazero.jit import jit

_GIB = 2**30
_logger = logging.getLogger(__name__)


class PositionEntries(NamedTuple):
    """A ring buffer of W training positions beside their targets; entry n lies in slot n % W."""

    has_next_policy: np.ndarray  # [W] bool whether the next entry is the next ply and has a policy
    draw_weight: np.ndarray  # [W] float32 relative frequency of drawing it
    weights: np.ndarray  # [W] int64 version of the network at the end of its game


class ReplayWindow:
    """The most recent positions with a target: their network inputs, and what is learned from them.

    The inputs are computed once, when a game is added, and stay packed. All memory is allocated at the start:
    W = `capacity` positions of `bytes_per_target` (9x9, Leela Zero's inputs: 115 MB for 250,000).
    """

    def __init__(
        self,
        size: int,
        config: replay_config.ReplayConfig,
        fields: Collection[str] | None = None,
        family: input_families.InputFamily = input_families.LEELA,
    ) -> None:
        """fields: the optional fields of `targets` that batches have, all by default.

        family: inputs of the network that learns.
        """
        wanted = {"policy", "value", *(game_targets.optional_fields() if fields is None else fields)}
        self._wanted = [target for target in game_targets.TARGETS if target.name in wanted]
        self._size = size
        self._config = config
        self._replayer = packed_inputs.InputReplayer(family, size)
        self._permutations = symmetry.permutations(size)
        self._capacity = capacity(size, config, family)
        if self._capacity < config.max_window:
            _logger.warning(limit_text(size, config, family))
        self._inputs = packed_inputs.make(family, size, self._capacity)
        self._entries = _make_entries(self._capacity)
        self._targets = _make_targets(size, self._capacity)
        self._positions = 0
        self._skipped = 0

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
        return min(wanted, self._positions - self._skipped)

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
        assert self._positions == self._skipped, "skipped positions come first"
        self._positions += num_targets
        self._skipped = self._positions

    def add(self, record: records.GameRecord) -> int:
        """Replays and stores a game; returns its number of targets. Raises ValueError like `replay`."""
        return self.add_replayed(record, self.replay(record))

    def replay(self, record: records.GameRecord) -> packed_inputs.PackedInputs:
        """Inputs of the game's positions with a target; does not change the window.

        Raises ValueError for another board size or an illegal move.
        """
        if record.size != self._size:
            raise ValueError(f"game {record.game_id}: size {record.size}, expected {self._size}")
        return inputs_of(record, self._replayer, np.flatnonzero(record.has_target))

    def add_replayed(self, record: records.GameRecord, inputs: packed_inputs.PackedInputs) -> int:
        """Stores a game with its inputs from `replay`; returns its number of targets."""
        plies = np.flatnonzero(record.has_target)
        if not len(plies):
            return 0
        slots = (self._positions + np.arange(len(plies))) % self._capacity
        for stored, new in zip(self._inputs, inputs, strict=True):
            stored[slots] = new
        self._entries.has_next_policy[slots] = np.append(np.diff(plies) == 1, False) & np.append(
            record.has_policy[plies[1:]], False
        )
        self._entries.draw_weight[slots] = game_targets.draw_weights(record, self._config)[plies]
        self._entries.weights[slots] = record.newest_weights
        for target in self._wanted:
            if not isinstance(target.source, game_targets.Derived):
                self._targets[target.name][slots] = target.source(record, self._config)[plies]
        self._positions += len(plies)
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
            planes=packed_inputs.turn(self._inputs.planes, slots, symmetries, self._size),
            globals=self._inputs.globals[slots],
            policy=drawn.pop("policy"),
            value=drawn.pop("value"),
            weight=np.ones(len(numbers), np.float32),
            auxiliary=drawn,
        )

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


def inputs_of(
    record: records.GameRecord, replayer: packed_inputs.InputReplayer, plies: np.ndarray
) -> packed_inputs.PackedInputs:
    """Inputs before these played moves of a game on the replayer's board.

    plies: [N] increasing numbers of moves. Raises ValueError for an illegal move.
    """
    start = game_kernels.new_games(1, record.rules, _most_plies(record))
    actions = record.moves[: record.num_played]
    colors = np.where(np.arange(len(actions)) % 2 == 0, rules.BLACK, rules.WHITE)
    try:
        return replayer.replay(start, colors, actions, plies)
    except ValueError as error:
        raise ValueError(f"game {record.game_id}: {error}") from None


def bytes_per_target(size: int, family: input_families.InputFamily = input_families.LEELA) -> int:
    """Memory of one position: its packed inputs and its targets."""
    arrays = [*_make_entries(1), *_make_targets(size, 1).values()]
    return packed_inputs.num_bytes(family, size) + sum(array.nbytes for array in arrays)


def capacity(
    size: int,
    config: replay_config.ReplayConfig,
    family: input_families.InputFamily = input_families.LEELA,
) -> int:
    """Largest number of positions in a window: `max_window`, or fewer if they exceed `max_gib`."""
    fitting = config.max_gib * _GIB // bytes_per_target(size, family)
    return max(1, min(config.max_window, int(fitting)))


def limit_text(
    size: int,
    config: replay_config.ReplayConfig,
    family: input_families.InputFamily = input_families.LEELA,
) -> str:
    """A message that `max_gib` shortens the window."""
    return (
        f"replay.max_gib={config.max_gib:g} has room for {capacity(size, config, family):,} positions "
        f"of {size}x{size}, not for replay.max_window={config.max_window:,}"
    )


def _make_entries(count: int) -> PositionEntries:
    return PositionEntries(
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


def _most_plies(record: records.GameRecord) -> int:
    """Capacity for the game's moves; few different values, because kernels are compiled for each."""
    return max(2 * record.num_points, 1 << (record.move_limit - 1).bit_length())


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
