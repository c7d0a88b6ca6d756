"""The shuffled, reproducible order in which a reader delivers positions.

A pass over the data visits the files in random order. Their positions fill windows. A full window is
delivered in random order while the next one is being filled; no window spans two passes. The order depends
only on the seed and on the place in the stream, so a checkpoint keeps only the place. To resume, one window
is read again.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from alphazero.data import batch as batches
from alphazero.data import rows as data_rows
from alphazero.datasets import corruption, sources

_FIRST_WINDOW = 1 / 16
"""Size of the first window, as a fraction of a full one. Later ones double, so that training begins early."""
_FILES_PER_SHARD = 4
"""With fewer files, shards divide the positions of each file among them."""
_ALMOST = 0.999


class Place(NamedTuple):
    """A place in the stream: a window, and how much of it was delivered."""

    epoch: int = 0  # passes before the window's
    file: int = 0  # index in the pass of the first file with rows of the window
    row: int = 0  # first row of the window in this file, counting rows that are left out
    rows: int = 0  # rows of the pass before the window
    total: int = 0  # rows of the pass, or of the previous one; 0 before the end of the first pass
    window: int = 0  # number of the window
    offset: int = 0  # rows of the window that were delivered
    batches: int = 0  # batches delivered in total
    epochs: float = 0.0  # completed passes, with an estimated fraction of the current one


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The work of one reader."""

    files: tuple[sources.Source, ...]
    """Files to train on, the same for all shards; each shard selects its own."""
    reading: sources.Reading
    split: sources.Split
    fields: frozenset[str]
    """Optional fields of `targets` that batches have."""
    batch_size: int
    window: int
    """Positions in a window; two windows are in memory."""
    seed: int
    shard: int = 0
    num_shards: int = 1
    """Number of readers of all ranks."""
    expected_rows: float = 0.0
    """Approximate number of positions in a pass of this shard."""


class Drawn(NamedTuple):
    """One batch and the place in the stream after it."""

    batch: batches.TrainingBatch
    place: Place


def draw(job: Job, place: Place, on_corruption: corruption.OnCorruption) -> Iterator[Drawn]:
    """Yields batches endlessly, from `place` on; raises ValueError if a whole pass has no position."""
    filler = _Filler(job, place, on_corruption)
    window = filler.fill(filler.open(), job.window)
    offset = min(place.offset, window.count)  # smaller if files have shrunk since
    following, epochs = filler.open(), place.epochs
    for number in itertools.count(place.batches + 1):
        parts, missing = [], job.batch_size
        while missing:
            if offset == window.count:
                window, offset = filler.fill(following, job.window), 0
                following = filler.open()
            count = min(missing, window.count - offset)
            parts.append(window.rows(offset, count, job))
            offset, missing = offset + count, missing - count
            filler.fill(following, following.capacity * offset // window.count)
        epochs = max(epochs, window.epochs(offset, job))  # an estimate may have been too high
        place = window.place._replace(offset=offset, batches=number, epochs=epochs)
        yield Drawn(data_rows.join(parts), place)


def files_of(job: Job, epoch: int) -> list[sources.Source]:
    """The shard's files in the order of this pass."""
    order = np.random.default_rng([job.seed, 0, epoch]).permutation(len(job.files))
    files = [job.files[number] for number in order]
    return files if _shares_files(job) else files[job.shard :: job.num_shards]


class _Piece(NamedTuple):
    batch: batches.TrainingBatch
    file: int
    rows: np.ndarray  # [B] numbers in the file


class _ShuffleWindow:
    """Positions that are shuffled together."""

    def __init__(self, place: Place, capacity: int) -> None:
        self.place = place
        self.capacity = capacity
        self.count = 0
        self.is_full = False
        self.is_last = False
        """Whether it is the last one of its pass."""
        self._arrays: batches.TrainingBatch | None = None
        self._order: np.ndarray | None = None
        self._symmetries: np.ndarray | None = None

    def append(self, batch: batches.TrainingBatch) -> None:
        """Adds positions, which must fit."""
        if self._arrays is None:
            self._arrays = data_rows.each(self._allocate, batch)
        new = data_rows.arrays(batch)
        for name, mine in data_rows.arrays(self._arrays).items():
            mine[self.count : self.count + len(new[name])] = new[name]
        self.count += len(batch.value)

    def _allocate(self, array: np.ndarray) -> np.ndarray:
        return np.empty((self.capacity, *array.shape[1:]), array.dtype)

    def rows(self, offset: int, count: int, job: Job) -> batches.TrainingBatch:
        """Positions in shuffled order, each in a random symmetry."""
        assert self._arrays is not None
        if self._order is None or self._symmetries is None:
            rng = np.random.default_rng([job.seed, 1, job.shard, self.place.window])
            self._order = rng.permutation(self.count)
            self._symmetries = rng.integers(0, 8, self.count)
        part = slice(offset, offset + count)
        picked = data_rows.take(self._arrays, self._order[part])
        return data_rows.turn(picked, self._symmetries[part], job.reading.size)

    def epochs(self, offset: int, job: Job) -> float:
        """Completed passes after `offset` rows were delivered; exact only in the last window of a pass."""
        share = (self.place.rows + offset) / max(1.0, self.place.total or job.expected_rows)
        return self.place.epoch + (share if self.is_last else min(_ALMOST, share))


class _Filler:
    """Fills one window after another."""

    def __init__(self, job: Job, place: Place, on_corruption: corruption.OnCorruption) -> None:
        self._job = job
        self._on_corruption = on_corruption
        self._next = place._replace(offset=0)
        self._pieces = _pieces(job, place, on_corruption)
        self._rest: _Piece | None = None

    def open(self) -> _ShuffleWindow:
        """The next window, still empty."""
        number = self._next.window
        capacity = self._job.window
        if number < 16:  # later windows are full, and 2 ** number would become huge
            capacity = min(capacity, max(self._job.batch_size, int(capacity * _FIRST_WINDOW * 2**number)))
        return _ShuffleWindow(self._next, capacity)

    def fill(self, window: _ShuffleWindow, count: int) -> _ShuffleWindow:
        """Reads until the window has `count` positions or is full; returns it."""
        while not window.is_full and window.count < count:
            self._read_on(window)
        return window

    def _read_on(self, window: _ShuffleWindow) -> None:
        piece = self._rest or next(self._pieces, None)
        self._rest = None
        if piece is None:
            self._end_pass(window)
            return
        free = window.capacity - window.count
        if len(piece.rows) > free:
            self._rest = _Piece(data_rows.take(piece.batch, slice(free, None)), piece.file, piece.rows[free:])
            piece = _Piece(data_rows.take(piece.batch, slice(0, free)), piece.file, piece.rows[:free])
        window.append(piece.batch)
        if window.count < window.capacity:
            return
        window.is_full = True
        self._rest = self._rest or next(self._pieces, None)
        if self._rest is None:
            self._end_pass(window)
            return
        self._next = window.place._replace(
            file=self._rest.file,
            row=int(self._rest.rows[0]),
            rows=window.place.rows + window.count,
            window=window.place.window + 1,
        )

    def _end_pass(self, window: _ShuffleWindow) -> None:
        start = window.place
        total = start.rows + window.count
        if total == 0:
            raise ValueError("data.path: no position of this board size is left to train on")
        following = Place(epoch=start.epoch + 1, total=total, window=start.window + (window.count > 0))
        self._pieces = _pieces(self._job, following, self._on_corruption)
        self._next = following
        if window.count:
            window.place = start._replace(total=total)
            window.is_full = window.is_last = True
        else:
            window.place = following


def _pieces(job: Job, place: Place, on_corruption: corruption.OnCorruption) -> Iterator[_Piece]:
    """Yields the training positions of a pass, from `place` to its end."""
    for number, source in enumerate(files_of(job, place.epoch)[place.file :], place.file):
        row, first = 0, place.row if number == place.file else 0
        for block in sources.read(source, job.reading, on_corruption):
            rows = np.arange(row, row + len(block.batch.value))
            row += len(rows)
            is_mine = rows >= first
            if job.split.files is None:
                is_mine &= ~block.is_held_out
            if _shares_files(job):
                is_mine &= rows % job.num_shards == job.shard
            if is_mine.any():
                batch = data_rows.keep_fields(block.batch, job.fields)
                yield _Piece(data_rows.take(batch, is_mine), number, rows[is_mine])


def _shares_files(job: Job) -> bool:
    return len(job.files) < _FILES_PER_SHARD * job.num_shards
