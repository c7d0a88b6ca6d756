"""Writes training chunks as Leela Zero does, from self-play games and from SGF (docs/chunks.md)."""

import gzip
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from alphazero import files
from alphazero.data import batch as batches
from alphazero.data import chunk_text, positions
from alphazero.data import damage as damages
from alphazero.data import record as records

GAMES_PER_CHUNK = 32
"""As many as Leela Zero puts into one file (`OutputChunker::CHUNK_SIZE` in Training.h)."""
_LEVEL = 9


class Counts(NamedTuple):
    """What became of the games."""

    positions: int = 0
    games: int = 0
    drawn: int = 0
    """Games left out because the format has no draw."""
    without_policy: int = 0
    """Games left out because no move of theirs was searched in full."""


class ChunkWriter:
    """Writes `<name>.<k>.gz`, k = 0, 1, ...; each file is there and whole, or not there.

    Used as a context: an error inside, or one of its own, removes the chunks written so far.
    OSError names the file, for instance when the disk is full.
    """

    def __init__(self, folder: Path, name: str, size: int, games_per_chunk: int = GAMES_PER_CHUNK) -> None:
        """ValueError if the folder has chunks of that name already, or cannot be one."""
        self.size = size
        """Side of the board."""
        self._folder, self._name = folder, name
        self._games_per_chunk = games_per_chunk
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder}: is not a folder")
        if there := next(iter(_chunks(folder, name)), None):
            raise ValueError(f"{there}: is there already; remove the chunks of that name first")
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

    def add(self, game: batches.Batch) -> None:
        """Adds the positions of one game, whose values must be 1 or -1."""
        self._gzip.write(chunk_text.encode(game, self.size))
        self._num_games += 1
        if self._num_games == self._games_per_chunk:
            self._flush()

    def _new_file(self) -> gzip.GzipFile:
        self._text = io.BytesIO()
        return gzip.GzipFile("", "wb", _LEVEL, self._text, mtime=0)  # no time: the same games, the same bytes

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


def write(writer: ChunkWriter, games: Iterable[batches.Batch]) -> Counts:
    """Writes games, one batch each; drawn ones and those without a policy are left out and counted."""
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
    games: Iterable[records.GameRecord], size: int, log: Path, on_damage: damages.OnDamage
) -> Iterator[batches.Batch]:
    """The positions of self-play games; log: where they are from, for messages on those left out."""
    findings = damages.Findings(log)
    for game in games:
        place = f"game {game.game_id}"
        if game.size != size:
            detail = f"{game.size}x{game.size}, expected {size}x{size}"
            findings.add(damages.Reason.size, place, detail)
            continue
        try:
            yield positions.of_record(game)
        except ValueError as error:
            findings.add(damages.Reason.illegal, place, str(error))
    findings.report(on_damage)


def _chunks(folder: Path, name: str) -> list[Path]:
    """Files `<name>.<k>.gz`."""
    start = len(name) + 1
    return [
        path
        for path in folder.glob("*.gz")
        if path.name.startswith(f"{name}.") and path.name[start:-3].isdigit()
    ]
