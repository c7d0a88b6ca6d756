"""Files of training positions: training chunks, SGF and our own game logs, all read as batches."""

import dataclasses
import glob
import logging
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alphazero import run_paths
from alphazero.config import replay as replay_config
from alphazero.data import batch as batches
from alphazero.data import gamelog, replay
from alphazero.data import record as records
from alphazero.datasets import chunk, corruption, sgf_positions
from alphazero.go import input_families, sgf_collection

_logger = logging.getLogger(__name__)

_FEWEST_HELD_OUT_FILES = 2
_WINDOW = 2048
"""Initial capacity of the window for games of a log, in moves."""


class SourceKind(Enum):
    """What a file holds."""

    chunk = "training chunks"
    sgf = "SGF"
    games = "game logs"


class Source(NamedTuple):
    """One file."""

    path: Path
    kind: SourceKind
    num_bytes: int


class Reading(NamedTuple):
    """Options for reading files."""

    size: int  # side of the board
    replay: replay_config.ReplayConfig  # defines the value targets of our own games
    held_out_fraction: float
    family: input_families.InputFamily = input_families.LEELA  # inputs of the network


class PositionBlock(NamedTuple):
    """Consecutive positions of a file."""

    batch: batches.TrainingBatch
    is_held_out: np.ndarray  # [B] bool whether the position's game is, if games are held out


class Split(NamedTuple):
    """The held-out data, which training never sees."""

    files: frozenset[Path] | None  # whole files; None if games are held out
    fraction: float


def find(patterns: Sequence[str]) -> list[Source]:
    """The files that patterns, folders and names denote, sorted; raises ValueError if one denotes none.

    - The folder of a run denotes its game logs.
    - A folder with game logs directly in it denotes these.
    - Any other folder denotes all chunks and SGF files in and below it.

    An existing name takes precedence over the same pattern, and so do the existing folders of a pattern:
    `games [1]/*.sgf` denotes files of the folder `games [1]`. If a chunk `x` and its compressed copy `x.gz`
    both exist, only `x` is read.
    """
    found: dict[Path, SourceKind] = {}
    for pattern in patterns:
        these = {
            file: kind
            for place in _places(Path(os.path.expanduser(pattern)))
            for file, kind in _files_at(place)
        }
        if not these:
            raise ValueError(
                f"data.path={pattern}: no training chunks, SGF files or game logs there; "
                f"names of files that are read from a folder: *.games, {sgf_collection.NAMES}, {chunk.NAMES}"
            )
        found |= these
    for path in _copies(found):
        del found[path]
    return [Source(path, kind, path.stat().st_size) for path, kind in sorted(found.items())]


def check_inputs(sources: Sequence[Source], family: input_families.InputFamily) -> None:
    """Raises ValueError if a file does not have the inputs of this family.

    Chunks hold Leela Zero's planes, from which others cannot be made. Games are replayed and give any inputs.
    """
    chunks = [source for source in sources if source.kind is SourceKind.chunk]
    if chunks and family != input_families.LEELA:
        raise ValueError(
            f"data.path: {chunks[0].path} is a training chunk and has the inputs of net.family=leela only; "
            "SGF files and game logs give those of every family"
        )


def split(sources: Sequence[Source], fraction: float) -> Split:
    """Holds out whole files or games within files.

    Several SGF files are split by file. So are other files than game logs if the fraction amounts to several
    of them. Everything else is split by game. The choice depends on names, so that it stays the same for a
    file when others are added. Games of a game log have names; elsewhere a game begins at an empty board.
    """
    if fraction and all(source.kind is SourceKind.sgf for source in sources) and len(sources) > 1:
        return split_by_file(sources, fraction)
    has_no_log = all(source.kind is not SourceKind.games for source in sources)
    if fraction and has_no_log and len(sources) * fraction >= _FEWEST_HELD_OUT_FILES:
        return split_by_file(sources, fraction)
    return Split(None, fraction)


def split_by_file(sources: Sequence[Source], fraction: float) -> Split:
    """Holds out files by their names, at least one."""
    paths = [source.path for source in sources]
    picked = {path for path in paths if _chance(path.name) < fraction}
    return Split(frozenset(picked or {min(paths, key=lambda path: _chance(path.name))}), fraction)


def read(source: Source, reading: Reading, on_corruption: corruption.OnCorruption) -> Iterator[PositionBlock]:
    """Yields all positions of a file in order; unusable ones are left out, with calls of `on_corruption`."""
    if source.kind is SourceKind.games:
        yield from _read_log(source.path, reading, on_corruption)
    elif source.kind is SourceKind.sgf:
        found = sgf_positions.read(source.path, reading.size, on_corruption, reading.family)
        for number, batch in enumerate(found):
            numbers = np.full(len(batch.value), number)
            yield PositionBlock(batch, _is_held_out(source.path, numbers, reading.held_out_fraction))
    else:
        assert reading.family == input_families.LEELA, "check_inputs comes first"
        number = 0
        for batch in chunk.read(source.path, reading.size, on_corruption):
            # The 16 planes of stones are 2 P bytes, and empty before the first move.
            is_start = ~batch.planes[:, : 2 * reading.size**2].any(axis=1)
            numbers = number + np.cumsum(is_start)
            number = int(numbers[-1])
            yield PositionBlock(batch, _is_held_out(source.path, numbers, reading.held_out_fraction))


def _places(path: Path) -> list[Path]:
    """The path itself if it exists, otherwise the paths that match it as a pattern."""
    if path.exists():
        return [path]
    folder = next(parent for parent in path.parents if parent.exists())
    pattern = Path(glob.escape(str(folder))) / path.relative_to(folder)
    return [Path(place) for place in glob.glob(str(pattern), recursive=True)]


def _files_at(place: Path) -> Iterable[tuple[Path, SourceKind]]:
    if not place.is_dir():
        if sgf_collection.is_name(place):
            return [(place, SourceKind.sgf)]
        is_log = place.suffix.lower() == run_paths.GAME_LOG_SUFFIX
        return [(place, SourceKind.games if is_log else SourceKind.chunk)]
    for folder in (place / run_paths.GAMES, place):
        if logs := sorted(folder.glob(run_paths.GAME_LOGS)):
            return [(path, SourceKind.games) for path in logs]
    return [(path, kind) for path in place.rglob("*") if (kind := _kind_in_folder(path)) is not None]


def _kind_in_folder(path: Path) -> SourceKind | None:
    """The kind of a file in a folder; None if the file is ignored."""
    if sgf_collection.is_name(path):
        return SourceKind.sgf if path.is_file() and not path.name.startswith(".") else None
    return SourceKind.chunk if chunk.is_chunk(path) else None


def _copies(found: Mapping[Path, SourceKind]) -> list[Path]:
    """Compressed chunks with the same content as a file beside them, named without ".gz"."""
    copies = []
    for path, kind in found.items():
        plain = path.with_suffix("")
        if kind is SourceKind.chunk and path.suffix.lower() == ".gz" and found.get(plain) is SourceKind.chunk:
            if chunk.same_content(plain, path):
                copies.append(path)
                _logger.warning("%s: has the same content as %s beside it; read once", path, plain.name)
            else:
                _logger.warning("%s: differs in content from %s beside it; both are read", path, plain.name)
    return copies


def _read_log(
    path: Path, reading: Reading, on_corruption: corruption.OnCorruption
) -> Iterator[PositionBlock]:
    findings = corruption.Findings(path)
    window = _window(reading, _WINDOW)
    try:
        for record in gamelog.read_file(path, lambda skipped: _note(findings, skipped)):
            if record.num_played > _WINDOW:
                window = _window(reading, record.num_played)
            first = window.positions
            try:
                count = _add(window, record, reading.size, findings)
            except ValueError as error:
                findings.add(corruption.Reason.illegal, detail=error)
                continue
            if count:
                numbers = np.arange(first, first + count)
                batch = window.gather(numbers, np.zeros(count, np.int64))
                is_held_out = _chance(record.game_id) < reading.held_out_fraction
                yield PositionBlock(batch, np.full(count, is_held_out))
    except OSError as error:
        findings.add(corruption.Reason.unreadable, detail=error.strerror)
    finally:
        findings.report(on_corruption)


def _add(
    window: replay.ReplayWindow, record: records.GameRecord, size: int, findings: corruption.Findings
) -> int:
    if record.size != size:
        detail = f"{record.size}x{record.size}, expected {size}x{size}"
        findings.add(corruption.Reason.size, f"game {record.game_id}", detail)
        return 0
    return window.add(record)


def _note(findings: corruption.Findings, skipped: gamelog.CorruptRecord) -> None:
    findings.add(corruption.Reason.garbage, f"byte {skipped.offset}", skipped.reason)


def _window(reading: Reading, num_moves: int) -> replay.ReplayWindow:
    """A window for the games of a log, one after another; surprise does not affect it."""
    config = dataclasses.replace(
        reading.replay, min_window=num_moves, max_window=num_moves, surprise_weight=0.0
    )
    return replay.ReplayWindow(reading.size, config, family=reading.family)


def _is_held_out(path: Path, numbers: np.ndarray, fraction: float) -> np.ndarray:
    """[B] bool for games with these numbers: evenly spread, with an offset derived from the file's name."""
    return (numbers * fraction + _chance(path.name)) % 1 < fraction


def _chance(name: str) -> float:
    """A number in [0, 1) derived from the name; self-play runs select held-out games by the same number."""
    return zlib.crc32(name.encode()) / 2**32
