"""Writer of training chunks in Leela Zero's format, from self-play games and SGF (docs/chunks.md)."""

import gzip
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from alphazero import files
from alphazero.data import batch as batches
from alphazero.data import record as records
from alphazero.datasets import chunk_text, corruption, positions

GAMES_PER_CHUNK = 32
"""Games in one file, as in Leela Zero (`OutputChunker::CHUNK_SIZE` in Training.h)."""
_LEVEL = 9


class Counts(NamedTuple):
    """Totals of an export: what was written, and what was left out."""

    positions: int = 0
    games: int = 0
    drawn: int = 0
    """Games left out because the format has no draws."""
    without_policy: int = 0
    """Games left out because none of their moves was searched in full."""


class ChunkWriter:
    """Writes `<name>.<k>.gz`, k = 0, 1, ...; each file appears complete or not at all.

    A context manager: an error in its body or in the writer removes all chunks written so far.
    Raises OSError, with the name of the file, if writing fails, for instance on a full disk.
    """

    def __init__(self, folder: Path, name: str, size: int, games_per_chunk: int = GAMES_PER_CHUNK) -> None:
        """Raises ValueError if the folder already has chunks of this name, or is not a folder."""
        self.size = size
        """Side of the board."""
        self._folder, self._name = folder, name
        self._games_per_chunk = games_per_chunk
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder}: is not a folder")
        if there := next(iter(_chunks(folder, name)), None):
            raise ValueError(f"{there}: already exists; remove the chunks of this name first")
        self._written: list[Path] = []
        self._text = io.BytesIO()  # compressed
        self._gzip = self._new_file()
        self._num_games = 0  # in the open chunk

    def __enter__(self) -> "ChunkWriter":
        return self

    def __exit__(self, error_type: object, *_: object) -> None:
        try:
            if error_type is None:
                self._flush()
        except OSError:
            self._remove()
            raise
        if error_type is not None:
            self._remove()

    @property
    def num_chunks(self) -> int:
        """Files written so far."""
        return len(self._written)

    def add(self, game: batches.TrainingBatch) -> None:
        """Adds the positions of one game. Their values must be 1 or -1."""
        self._gzip.write(chunk_text.encode(game, self.size))
        self._num_games += 1
        if self._num_games == self._games_per_chunk:
            self._flush()

    def _new_file(self) -> gzip.GzipFile:
        self._text = io.BytesIO()
        return gzip.GzipFile("", "wb", _LEVEL, self._text, mtime=0)  # no time stamp, for reproducible bytes

    def _flush(self) -> None:
        if not self._num_games:
            return
        self._gzip.close()
        path = self._folder / f"{self._name}.{len(self._written)}.gz"
        try:
            files.write_atomic(path, self._text.getvalue())
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from None
        self._written.append(path)
        self._gzip = self._new_file()
        self._num_games = 0

    def _remove(self) -> None:
        for path in self._written:
            path.unlink(missing_ok=True)


def write(writer: ChunkWriter, games: Iterable[batches.TrainingBatch]) -> Counts:
    """Writes games, one batch each; leaves out and counts drawn games and games without a policy."""
    num_positions = num_games = drawn = empty = 0
    for game in games:
        if not len(game.value):
            empty += 1
        elif game.value[0] == 0:
            drawn += 1
        else:
            writer.add(game)
            num_games += 1
            num_positions += len(game.value)
    return Counts(num_positions, num_games, drawn, empty)


def of_records(
    games: Iterable[records.GameRecord], size: int, log: Path, on_corruption: corruption.OnCorruption
) -> Iterator[batches.TrainingBatch]:
    """Yields the positions of self-play games. log: their source, for messages about games left out."""
    findings = corruption.Findings(log)
    for game in games:
        place = f"game {game.game_id}"
        if game.size != size:
            detail = f"{game.size}x{game.size}, expected {size}x{size}"
            findings.add(corruption.Reason.size, place, detail)
            continue
        try:
            yield positions.of_record(game)
        except ValueError as error:
            findings.add(corruption.Reason.illegal, place, str(error))
    findings.report(on_corruption)


def _chunks(folder: Path, name: str) -> list[Path]:
    """Files `<name>.<k>.gz`."""
    start = len(name) + 1
    return [
        path
        for path in folder.glob("*.gz")
        if path.name.startswith(f"{name}.") and path.name[start:-3].isdigit()
    ]
