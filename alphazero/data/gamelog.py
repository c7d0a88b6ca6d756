"""The append-only log of finished games: the truth from which a run's state is rebuilt.

A file holds frames: MAGIC, CRC-32, length and time of writing, then `GameRecord.to_bytes`. A frame
is complete or it is skipped; reading goes on at the next MAGIC, so a torn tail, a flipped bit or
foreign bytes cost the games they touch and no others.
"""

import io
import logging
import os
import re
import struct
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from alphazero import files
from alphazero.data import record as records

MAGIC = b"\x93AZgame\n"  # not ASCII at the start, a newline at the end: text tools do not make it
_PREFIX = struct.Struct("<8sI")  # MAGIC, CRC-32 of all that follows
_HEAD = struct.Struct("<Iq")  # bytes of payload, nanoseconds since 1970
_ACTOR = re.compile(r"[A-Za-z0-9_.-]+")
_SLOW_S = 5.0
_logger = logging.getLogger(__name__)


class Damage(NamedTuple):
    """A stretch of a file that holds no readable game."""

    path: Path
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path} at byte {self.offset}: {self.reason}"


class Entry(NamedTuple):
    """Where one game of the log lies, and what can be said of it without unpacking it."""

    time_ns: int
    path: Path
    offset: int  # of the payload
    length: int
    game_id: str
    num_targets: int
    end: str


OnDamage = Callable[[Damage], None]


def log_damage(damage: Damage) -> None:
    """The default `on_damage`: one warning that names the place."""
    _logger.warning("game log: skipped %s", damage)


class GameLog:
    """The files `<actor>-<hour>.games` of one folder; one process writes, any may read."""

    def __init__(self, folder: Path, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._folder = Path(folder)
        self._clock_ns = clock_ns

    def append(self, record: records.GameRecord, actor: str) -> None:
        """Writes one game; on return it survives a crash of the machine."""
        self.append_many([record], actor)

    def append_many(self, games: Sequence[records.GameRecord], actor: str) -> None:
        """Writes games with a single sync; OSError, with nothing added, where the disk does not take them."""
        if not _ACTOR.fullmatch(actor):
            raise ValueError(f"game log: actor {actor!r} must be letters, digits, '_', '.' or '-'")
        if not games:
            return
        now = self._clock_ns()
        hour = datetime.fromtimestamp(now / 1e9, UTC).strftime("%Y%m%dT%H")
        path = self._folder / f"{actor}-{hour}.games"
        is_new = not path.exists()
        self._folder.mkdir(parents=True, exist_ok=True)
        with path.open("ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            try:
                began = time.monotonic()
                _write_all(file, b"".join(_frame(record.to_bytes(), now) for record in games))
                os.fsync(file.fileno())
                if (seconds := time.monotonic() - began) > _SLOW_S:
                    _logger.warning("the disk took %.0f s to write %d games", seconds, len(games))
            except OSError:
                # A full disk takes the first part of what it is given.
                file.truncate(before)
                raise
        if is_new:
            files.sync_folder(self._folder)

    def entries(self, on_damage: OnDamage = log_damage) -> list[Entry]:
        """All games in the order they were written, each game_id once."""
        found: list[Entry] = []
        for path in sorted(self._folder.glob("*.games")):
            found += entries_of(path, on_damage)
        found.sort(key=lambda entry: entry[:3])
        unique: dict[str, Entry] = {}
        for entry in found:
            unique.setdefault(entry.game_id, entry)
        return list(unique.values())

    def read(self, entry: Entry) -> records.GameRecord:
        """One game; ValueError when it is not what the entry promised."""
        return _read(entry)

    def read_all(self, on_damage: OnDamage = log_damage) -> Iterator[records.GameRecord]:
        """All games in the order they were written, each game_id once."""
        yield from _read_each(self.entries(on_damage), on_damage)


def _write_all(file: io.FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def read_file(path: Path, on_damage: OnDamage = log_damage) -> Iterator[records.GameRecord]:
    """The games of one file of a log in their order; OSError if it cannot be read."""
    yield from _read_each(entries_of(path, on_damage), on_damage)


def _read_each(entries: Iterable[Entry], on_damage: OnDamage) -> Iterator[records.GameRecord]:
    for entry in entries:
        try:
            game = _read(entry)
        except ValueError as error:
            on_damage(Damage(entry.path, entry.offset, str(error)))
        else:
            yield game


def _read(entry: Entry) -> records.GameRecord:
    with entry.path.open("rb") as file:
        file.seek(entry.offset)
        return records.GameRecord.from_bytes(file.read(entry.length))


def _frame(payload: bytes, time_ns: int) -> bytes:
    body = _HEAD.pack(len(payload), time_ns) + payload
    return _PREFIX.pack(MAGIC, zlib.crc32(body)) + body


def entries_of(path: Path, on_damage: OnDamage = log_damage) -> Iterator[Entry]:
    """The games of one file in their order, repeats included; OSError if it cannot be read."""
    data = path.read_bytes()
    position = 0
    while position < len(data):
        try:
            entry = _entry_at(path, data, position)
        except ValueError as error:
            on_damage(Damage(path, position, str(error)))
            position = data.find(MAGIC, position + 1)
            if position < 0:
                return
        else:
            yield entry
            position = entry.offset + entry.length


def _entry_at(path: Path, data: bytes, position: int) -> Entry:
    """The frame that starts at `position`; ValueError says why there is none."""
    body = position + _PREFIX.size
    offset = body + _HEAD.size
    if data[position : position + len(MAGIC)] != MAGIC:
        raise ValueError("bytes that are not a game")
    if offset > len(data):
        raise ValueError("a game that breaks off")
    (_, checksum), (length, time_ns) = _PREFIX.unpack_from(data, position), _HEAD.unpack_from(data, body)
    if offset + length > len(data):
        raise ValueError("a game that breaks off")
    if zlib.crc32(memoryview(data)[body : offset + length]) != checksum:
        raise ValueError("a game with a wrong checksum")
    header = records.read_header(data[offset : offset + length])
    game_id, num_targets, end = str(header["game_id"]), int(header["num_targets"]), str(header["end"])
    if end not in records.END_REASONS:
        raise ValueError(f"a game that ended by {end!r}, which this version does not know")
    return Entry(time_ns, path, offset, length, game_id, num_targets, end)
