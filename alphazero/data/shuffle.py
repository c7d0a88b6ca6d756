"""The order in which a reader hands out positions: shuffled, and the same each time it is asked for.

A pass over the data visits the files in an order drawn for it. Its positions fill windows, and a full window
is handed out in an order drawn for it while the next one is being filled; no window reaches over the end of a
pass. So the order depends on the seed and on where the stream stands, and nothing but that place is kept by a
checkpoint: to go on, one window is read again.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from alphazero.data import batch as batches
from alphazero.data import damage as damages
from alphazero.data import rows as data_rows
from alphazero.data import sources

_FIRST_WINDOW = 1 / 16
"""Of a window: the first ones are smaller and double, so that training can begin."""
_FILES_PER_SHARD = 4
"""With fewer files, shards share out the positions of each."""
_ALMOST = 0.999


class Place(NamedTuple):
    """Where a stream stands: a window and how much of it was handed out."""

    epoch: int = 0  # passes begun before the window's
    file: int = 0  # in the order of its pass: the first that the window may have rows of
    row: int = 0  # of this file, counted before anything is left out: the window's first
    rows: int = 0  # that the pass gave before the window
    total: int = 0  # rows of the pass, or of the one before it; 0 before the end of the first
    window: int = 0  # its number
    offset: int = 0  # rows of the window that were handed out
    batches: int = 0  # handed out in all
    epochs: float = 0.0  # passes made, the begun one as a fraction; of its length only its end is sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one reader reads."""

    files: tuple[sources.Source, ...]
    """Files to train on, the same for all shards; the shard's own are picked by it."""
    reading: sources.Reading
    split: sources.Split
    fields: frozenset[str]
    """Those of `rows.OPTIONAL` that are wanted."""
    batch_size: int
    window: int
    """Positions of a window; two of them are in memory."""
    seed: int
    shard: int = 0
    num_shards: int = 1
    """Readers of all ranks."""
    expected_rows: float = 0.0
    """About as many positions has a pass of this shard."""


class Drawn(NamedTuple):
    """One batch and where the stream stands after it."""

    batch: batches.Batch
    place: Place


def draw(job: Job, place: Place, on_damage: damages.OnDamage) -> Iterator[Drawn]:
    """Batches without end, from `place` on; ValueError when a whole pass has no position in it."""
    filler = _Filler(job, place, on_damage)
    window = filler.fill(filler.open(), job.window)
    offset = min(place.offset, window.count)  # less is there when files have shrunk since
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
        epochs = max(epochs, window.epochs(offset, job))  # a guess may have been too high
        place = window.place._replace(offset=offset, batches=number, epochs=epochs)
        yield Drawn(data_rows.join(parts), place)


def files_of(job: Job, epoch: int) -> list[sources.Source]:
    """The shard's files in the order of this pass."""
    order = np.random.default_rng([job.seed, 0, epoch]).permutation(len(job.files))
    files = [job.files[number] for number in order]
    return files if _shares_files(job) else files[job.shard :: job.num_shards]


class _Piece(NamedTuple):
    batch: batches.Batch
    file: int
    rows: np.ndarray  # [B] numbers in the file


class _Window:
    """Positions that are shuffled together."""

    def __init__(self, place: Place, capacity: int) -> None:
        self.place = place
        self.capacity = capacity
        self.count = 0
        self.is_full = False
        self.is_last = False
        """Whether its pass ends with it."""
        self._arrays: batches.Batch | None = None
        self._order: np.ndarray | None = None
        self._symmetries: np.ndarray | None = None

    def append(self, batch: batches.Batch) -> None:
        """Takes positions, for which there must be room."""
        if self._arrays is None:
            self._arrays = data_rows.each(self._room_for, batch)
        for mine, new in zip(self._arrays, batch, strict=True):
            if mine is not None and new is not None:
                mine[self.count : self.count + len(new)] = new
        self.count += len(batch.value)

    def _room_for(self, array: np.ndarray) -> np.ndarray:
        return np.empty((self.capacity, *array.shape[1:]), array.dtype)

    def rows(self, offset: int, count: int, job: Job) -> batches.Batch:
        """Positions of the shuffled order, each turned at random."""
        assert self._arrays is not None
        if self._order is None or self._symmetries is None:
            rng = np.random.default_rng([job.seed, 1, job.shard, self.place.window])
            self._order = rng.permutation(self.count)
            self._symmetries = rng.integers(0, 8, self.count)
        part = slice(offset, offset + count)
        picked = data_rows.take(self._arrays, self._order[part])
        return data_rows.turn(picked, self._symmetries[part], job.reading.size)

    def epochs(self, offset: int, job: Job) -> float:
        """Passes made when `offset` rows are handed out; how long a pass is its last window knows."""
        share = (self.place.rows + offset) / max(1.0, self.place.total or job.expected_rows)
        return self.place.epoch + (share if self.is_last else min(_ALMOST, share))


class _Filler:
    """Reads on and on, window after window."""

    def __init__(self, job: Job, place: Place, on_damage: damages.OnDamage) -> None:
        self._job = job
        self._on_damage = on_damage
        self._next = place._replace(offset=0)
        self._pieces = _pieces(job, place, on_damage)
        self._rest: _Piece | None = None

    def open(self) -> _Window:
        """The next window, still empty."""
        number = self._next.window
        capacity = self._job.window
        if number < 16:  # 2 ** number would outgrow everything
            capacity = min(capacity, max(self._job.batch_size, int(capacity * _FIRST_WINDOW * 2**number)))
        return _Window(self._next, capacity)

    def fill(self, window: _Window, count: int) -> _Window:
        """Reads until the window has so many positions or is full; returns it."""
        while not window.is_full and window.count < count:
            self._read_on(window)
        return window

    def _read_on(self, window: _Window) -> None:
        piece = self._rest or next(self._pieces, None)
        self._rest = None
        if piece is None:
            self._end_pass(window)
            return
        room = window.capacity - window.count
        if len(piece.rows) > room:
            self._rest = _Piece(data_rows.take(piece.batch, slice(room, None)), piece.file, piece.rows[room:])
            piece = _Piece(data_rows.take(piece.batch, slice(0, room)), piece.file, piece.rows[:room])
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

    def _end_pass(self, window: _Window) -> None:
        start = window.place
        total = start.rows + window.count
        if total == 0:
            raise ValueError("data.path: no position of this board size is left to train on")
        following = Place(epoch=start.epoch + 1, total=total, window=start.window + (window.count > 0))
        self._pieces = _pieces(self._job, following, self._on_damage)
        self._next = following
        if window.count:
            window.place = start._replace(total=total)
            window.is_full = window.is_last = True
        else:
            window.place = following


def _pieces(job: Job, place: Place, on_damage: damages.OnDamage) -> Iterator[_Piece]:
    """What is trained on of the pass from `place` to its end."""
    for number, source in enumerate(files_of(job, place.epoch)[place.file :], place.file):
        row, first = 0, place.row if number == place.file else 0
        for block in sources.read(source, job.reading, on_damage):
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
