"""The append-only log of finished games, from which a run's state is rebuilt.

A file is a sequence of frames: MAGIC, CRC-32, length, time of writing, then `GameRecord.to_bytes`. An
invalid frame is skipped, and reading continues at the next MAGIC. A torn tail, a flipped bit or foreign
bytes therefore cost only the games that they affect.
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

from alphazero import files, run_paths
from alphazero.data import record as records

MAGIC = b"\x93AZgame\n"  # starts outside ASCII and ends with a newline: not found in text
_PREFIX = struct.Struct("<8sI")  # MAGIC, CRC-32 of all that follows
_HEAD = struct.Struct("<Iq")  # bytes of payload, nanoseconds since 1970
_ACTOR = re.compile(r"[A-Za-z0-9_.-]+")
_SLOW_S = 5.0
_logger = logging.getLogger(__name__)


class CorruptRecord(NamedTuple):
    """A part of a file that holds no readable game."""

    path: Path
    offset: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path} at byte {self.offset}: {self.reason}"


class LogEntry(NamedTuple):
    """Place of one game in the log, and the fields that are known without unpacking it."""

    time_ns: int
    path: Path
    offset: int  # of the payload
    length: int
    game_id: str
    num_targets: int
    end: str
    size: int  # of the board


OnCorruption = Callable[[CorruptRecord], None]


def log_corruption(skipped: CorruptRecord) -> None:
    """The default `on_corruption`: logs one warning with the place."""
    _logger.warning("game log: skipped %s", skipped)


class GameLog:
    """The files `<actor>-<hour>.games` of one folder. One process writes; any process may read."""

    def __init__(self, folder: Path, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._folder = Path(folder)
        self._clock_ns = clock_ns

    def append(self, record: records.GameRecord, actor: str) -> None:
        """Writes one game, which survives a crash of the machine after the return."""
        self.append_many([record], actor)

    def append_many(self, games: Sequence[records.GameRecord], actor: str) -> None:
        """Writes games with a single sync; raises OSError, with nothing added, if writing fails."""
        if not _ACTOR.fullmatch(actor):
            raise ValueError(f"game log: actor {actor!r} must consist of letters, digits, '_', '.' and '-'")
        if not games:
            return
        now = self._clock_ns()
        hour = datetime.fromtimestamp(now / 1e9, UTC).strftime("%Y%m%dT%H")
        path = self._folder / f"{actor}-{hour}{run_paths.GAME_LOG_SUFFIX}"
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
                # A full disk accepts the first part of a write.
                file.truncate(before)
                raise
        if is_new:
            files.sync_folder(self._folder)

    def entries(self, on_corruption: OnCorruption = log_corruption) -> list[LogEntry]:
        """All games in the order of writing, each game_id once."""
        found: list[LogEntry] = []
        for path in sorted(self._folder.glob(run_paths.GAME_LOGS)):
            found += entries_of(path, on_corruption)
        found.sort(key=lambda entry: entry[:3])
        unique: dict[str, LogEntry] = {}
        for entry in found:
            unique.setdefault(entry.game_id, entry)
        return list(unique.values())

    def read(self, entry: LogEntry) -> records.GameRecord:
        """One game; raises ValueError if its bytes are not a game record."""
        return _read(entry)

    def read_all(self, on_corruption: OnCorruption = log_corruption) -> Iterator[records.GameRecord]:
        """Yields all games in the order of writing, each game_id once."""
        yield from _read_each(self.entries(on_corruption), on_corruption)


def _write_all(file: io.FileIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def read_file(path: Path, on_corruption: OnCorruption = log_corruption) -> Iterator[records.GameRecord]:
    """Yields the games of one log file in order; raises OSError if it cannot be read."""
    yield from _read_each(entries_of(path, on_corruption), on_corruption)


def _read_each(entries: Iterable[LogEntry], on_corruption: OnCorruption) -> Iterator[records.GameRecord]:
    for entry in entries:
        try:
            game = _read(entry)
        except ValueError as error:
            on_corruption(CorruptRecord(entry.path, entry.offset, str(error)))
        else:
            yield game


def _read(entry: LogEntry) -> records.GameRecord:
    with entry.path.open("rb") as file:
        file.seek(entry.offset)
        return records.GameRecord.from_bytes(file.read(entry.length))


def _frame(payload: bytes, time_ns: int) -> bytes:
    body = _HEAD.pack(len(payload), time_ns) + payload
    return _PREFIX.pack(MAGIC, zlib.crc32(body)) + body


def entries_of(path: Path, on_corruption: OnCorruption = log_corruption) -> Iterator[LogEntry]:
    """Yields the entries of one file in order, repeats included; raises OSError if it cannot be read."""
    data = path.read_bytes()
    position = 0
    while position < len(data):
        try:
            entry = _entry_at(path, data, position)
        except ValueError as error:
            on_corruption(CorruptRecord(path, position, str(error)))
            position = data.find(MAGIC, position + 1)
            if position < 0:
                return
        else:
            yield entry
            position = entry.offset + entry.length


def _entry_at(path: Path, data: bytes, position: int) -> LogEntry:
    """The entry of the frame at `position`; raises ValueError, with the reason, if there is none."""
    body = position + _PREFIX.size
    offset = body + _HEAD.size
    if data[position : position + len(MAGIC)] != MAGIC:
        raise ValueError("bytes that are not a game")
    if offset > len(data):
        raise ValueError("a truncated game")
    (_, checksum), (length, time_ns) = _PREFIX.unpack_from(data, position), _HEAD.unpack_from(data, body)
    if offset + length > len(data):
        raise ValueError("a truncated game")
    if zlib.crc32(memoryview(data)[body : offset + length]) != checksum:
        raise ValueError("a game with a wrong checksum")
    header = records.read_header(data[offset : offset + length])
    game_id, num_targets, end = str(header["game_id"]), int(header["num_targets"]), str(header["end"])
    if end not in records.END_REASONS:
        raise ValueError(f"a game with the unknown end {end!r}")
    size = int(header["size"])
    return LogEntry(time_ns, path, offset, length, game_id, num_targets, end, size)
