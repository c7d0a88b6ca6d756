"""Replay windows of a run, one for each board size."""

import dataclasses
import math

import numpy as np

from alphazero.config import replay as replay_config
from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import packed_inputs, replay
from alphazero.data import record as records
from alphazero.data import targets as game_targets
from alphazero.go import input_families

_Window = replay.ReplayWindow  # inside the class, `replay` is the method


class SizeWindows:
    """The windows of a run's board sizes. Most runs have one size and one window."""

    def __init__(self, config: schema.Config, settings: replay_config.ReplayConfig) -> None:
        """settings: bounds of all windows together, of which each size has its share (`game.sizes`)."""
        fields, family = game_targets.fields_of(config.net), input_families.of_net(config.net)
        self._shares = config.game.shares
        self._windows = {
            size: replay.ReplayWindow(size, share_of(settings, share), fields, family)
            for size, share in self._shares.items()
        }

    def __len__(self) -> int:
        """Number of positions that `sample` draws from."""
        return sum(map(len, self._windows.values()))

    @property
    def positions(self) -> int:
        """Number of positions with a target that were added or skipped so far."""
        return sum(window.positions for window in self._windows.values())

    @property
    def staleness(self) -> float:
        """Mean of the windows' staleness over positions, in optimizer steps."""
        total = sum(window.staleness * len(window) for window in self._windows.values())
        return total / max(1, len(self))

    def metrics(self) -> dict[str, float]:
        """Positions so far and in the window for each size; empty with one size."""
        found: dict[str, float] = {}
        if len(self._windows) > 1:
            for size, window in self._windows.items():
                found[f"window_{size}x{size}"] = len(window)
                found[f"positions_{size}x{size}"] = window.positions
        return found

    def has(self, size: int) -> bool:
        """Whether boards of this size are among the run's."""
        return size in self._windows

    def capacity(self, size: int) -> int:
        """Largest number of positions in the window of this size."""
        return self._windows[size].capacity

    def skip(self, size: int, num_targets: int) -> None:
        """Counts positions that are too old for the window of this size; comes before the first `add`."""
        self._windows[size].skip(num_targets)

    def skip_by_shares(self, num_targets: int) -> None:
        """Counts positions of unknown sizes, divided by the shares."""
        left = num_targets
        for size, share in self._shares.items():
            count = min(left, math.ceil(share * num_targets))
            self.skip(size, count)
            left -= count

    def add(self, record: records.GameRecord) -> int:
        """Replays and stores a game; returns its number of targets. Raises ValueError like `replay`."""
        return self._window_of(record).add(record)

    def replay(self, record: records.GameRecord) -> packed_inputs.PackedInputs:
        """The inputs of a game; changes nothing. ValueError for another board size or an illegal move."""
        return self._window_of(record).replay(record)

    def add_replayed(self, record: records.GameRecord, inputs: packed_inputs.PackedInputs) -> int:
        """Stores a game with its inputs from `replay`; returns its number of targets."""
        return self._window_of(record).add_replayed(record, inputs)

    def sample(self, batch_size: int, rng: np.random.Generator, least: int = 1) -> batches.TrainingBatch:
        """A batch of one size, drawn in proportion to the windows' lengths: all positions are equally likely.

        least: shorter windows are left out. With one size, only the positions and symmetries are drawn.
        """
        windows = self._filled(least)
        if len(windows) > 1:
            ends = np.cumsum([len(window) for window in windows])
            return windows[int(np.searchsorted(ends, rng.integers(ends[-1]), side="right"))].sample(
                batch_size, rng
            )
        return windows[0].sample(batch_size, rng)

    def is_filled(self, least: int) -> bool:
        """Whether a window has this many positions."""
        return bool(self._filled(least))

    def _filled(self, least: int) -> list[_Window]:
        return [window for window in self._windows.values() if len(window) >= least]

    def _window_of(self, record: records.GameRecord) -> _Window:
        if not self.has(record.size):
            allowed = " or ".join(map(str, self._windows))
            raise ValueError(f"game {record.game_id}: size {record.size}, expected {allowed}")
        return self._windows[record.size]


def share_of(settings: replay_config.ReplayConfig, share: float) -> replay_config.ReplayConfig:
    """The settings of a window that has a share of all positions."""
    if share == 1:
        return settings
    return dataclasses.replace(
        settings,
        min_window=math.ceil(share * settings.min_window),
        max_window=math.ceil(share * settings.max_window),
        max_gib=max(0.001, share * settings.max_gib),
    )


def num_bytes(config: schema.Config) -> int:
    """Memory of the windows that train, when they are full."""
    family, total = input_families.of_net(config.net), 0
    for size, share in config.game.shares.items():
        settings = share_of(config.replay, share)
        total += replay.capacity(size, settings, family) * replay.bytes_per_target(size, family)
    return total


def limit_texts(config: schema.Config) -> list[str]:
    """A message for each window that `max_gib` shortens."""
    family, told = input_families.of_net(config.net), []
    for size, share in config.game.shares.items():
        settings = share_of(config.replay, share)
        if replay.capacity(size, settings, family) < settings.max_window:
            told.append(replay.limit_text(size, settings, family))
    return told
