"""Files of positions to learn from: training chunks, SGF and our own game logs, all read as batches."""

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

from alphazero.config import replay as replay_config
from alphazero.data import batch as batches
from alphazero.data import chunk, gamelog, replay, sgf_positions
from alphazero.data import damage as damages
from alphazero.data import record as records
from alphazero.go import sgf_collection

_logger = logging.getLogger(__name__)

_FEWEST_HELD_OUT_FILES = 2
_WINDOW = 2048
"""Moves of a game for which a window is made at first."""


class Kind(Enum):
    """What a file holds."""

    chunk = "training chunks"
    sgf = "SGF"
    games = "game logs"


class Source(NamedTuple):
    """One file."""

    path: Path
    kind: Kind
    num_bytes: int


class Reading(NamedTuple):
    """How all files are read."""

    size: int  # side of the board
    replay: replay_config.ReplayConfig  # what the values of our own games are made of
    held_out_fraction: float


class Block(NamedTuple):
    """Positions that follow one another in a file."""

    batch: batches.Batch
    is_held_out: np.ndarray  # [B] bool whether the position's game is, if games are what is held out


class Split(NamedTuple):
    """What training never sees."""

    files: frozenset[Path] | None  # whole files; None where it is games
    fraction: float


def find(patterns: Sequence[str]) -> list[Source]:
    """The files that patterns, folders and names mean, sorted; ValueError for one that means none.

    A folder is a run's (then its game logs are meant), or has game logs right in it, or stands for all
    chunks and SGF files in and below it. A name that exists wins over what it means as a pattern, as do the
    folders before a pattern: `games [1]/*.sgf` means the files of the folder `games [1]`. Of a chunk `x` and
    its compressed copy `x.gz` only `x` is read.
    """
    found: dict[Path, Kind] = {}
    for pattern in patterns:
        these = {
            file: kind
            for place in _places(Path(os.path.expanduser(pattern)))
            for file, kind in _files_at(place)
        }
        if not these:
            raise ValueError(
                f"data.path={pattern}: no training chunks, SGF files or game logs there; "
                f"files in a folder are taken by their names: *.games, {sgf_collection.NAMES}, {chunk.NAMES}"
            )
        found |= these
    for path in _copies(found):
        del found[path]
    return [Source(path, kind, path.stat().st_size) for path, kind in sorted(found.items())]


def split(sources: Sequence[Source], fraction: float) -> Split:
    """Holds out files where the fraction makes several, and games within them where it does not.

    Names decide, so that a file stays on its side when others come. In game logs games have names; in
    other files a game begins at an empty board.
    """
    if fraction and all(source.kind is Kind.sgf for source in sources) and len(sources) > 1:
        return split_by_file(sources, fraction)
    is_many = all(source.kind is not Kind.games for source in sources)
    if fraction and is_many and len(sources) * fraction >= _FEWEST_HELD_OUT_FILES:
        return split_by_file(sources, fraction)
    return Split(None, fraction)


def split_by_file(sources: Sequence[Source], fraction: float) -> Split:
    """At least one file."""
    paths = [source.path for source in sources]
    picked = {path for path in paths if _chance(path.name) < fraction}
    return Split(frozenset(picked or {min(paths, key=lambda path: _chance(path.name))}), fraction)


def read(source: Source, reading: Reading, on_damage: damages.OnDamage) -> Iterator[Block]:
    """All positions of a file in its order; what cannot be used is told to `on_damage` and left out."""
    if source.kind is Kind.games:
        yield from _read_log(source.path, reading, on_damage)
    elif source.kind is Kind.sgf:
        for number, batch in enumerate(sgf_positions.read(source.path, reading.size, on_damage)):
            numbers = np.full(len(batch.value), number)
            yield Block(batch, _is_held_out(source.path, numbers, reading.held_out_fraction))
    else:
        number = 0
        for batch in chunk.read(source.path, reading.size, on_damage):
            # The 16 planes of stones are 2 P bytes, and empty before the first move.
            is_start = ~batch.planes[:, : 2 * reading.size**2].any(axis=1)
            numbers = number + np.cumsum(is_start)
            number = int(numbers[-1])
            yield Block(batch, _is_held_out(source.path, numbers, reading.held_out_fraction))


def _places(path: Path) -> list[Path]:
    """The path itself where it exists, else what it means as a pattern."""
    if path.exists():
        return [path]
    folder = next(parent for parent in path.parents if parent.exists())
    pattern = Path(glob.escape(str(folder))) / path.relative_to(folder)
    return [Path(place) for place in glob.glob(str(pattern), recursive=True)]


def _files_at(place: Path) -> Iterable[tuple[Path, Kind]]:
    if not place.is_dir():
        if sgf_collection.is_name(place):
            return [(place, Kind.sgf)]
        return [(place, Kind.games if place.suffix.lower() == ".games" else Kind.chunk)]
    for folder in (place / "games", place):
        if logs := sorted(folder.glob("*.games")):
            return [(path, Kind.games) for path in logs]
    return [(path, kind) for path in place.rglob("*") if (kind := _kind_in_folder(path)) is not None]


def _kind_in_folder(path: Path) -> Kind | None:
    """What a file in a folder is taken for; None for those that are passed over."""
    if sgf_collection.is_name(path):
        return Kind.sgf if path.is_file() and not path.name.startswith(".") else None
    return Kind.chunk if chunk.is_chunk(path) else None


def _copies(found: Mapping[Path, Kind]) -> list[Path]:
    """Compressed chunks that hold what the file without ".gz" holds, which is there as well."""
    copies = []
    for path, kind in found.items():
        plain = path.with_suffix("")
        if kind is Kind.chunk and path.suffix.lower() == ".gz" and found.get(plain) is Kind.chunk:
            if chunk.same_content(plain, path):
                copies.append(path)
                _logger.warning("%s: holds the same as %s beside it; read once", path, plain.name)
            else:
                _logger.warning("%s: holds something else than %s beside it; both are read", path, plain.name)
    return copies


def _read_log(path: Path, reading: Reading, on_damage: damages.OnDamage) -> Iterator[Block]:
    findings = damages.Findings(path)
    window = _window(reading, _WINDOW)
    try:
        for record in gamelog.read_file(path, lambda damage: _note(findings, damage)):
            if record.num_played > _WINDOW:
                window = _window(reading, record.num_played)
            first = window.positions
            try:
                count = _add(window, record, reading.size, findings)
            except ValueError as error:
                findings.add(damages.Reason.illegal, detail=error)
                continue
            if count:
                numbers = np.arange(first, first + count)
                batch = window.gather(numbers, np.zeros(count, np.int64))
                is_held_out = _chance(record.game_id) < reading.held_out_fraction
                yield Block(batch, np.full(count, is_held_out))
    except OSError as error:
        findings.add(damages.Reason.unreadable, detail=error.strerror)
    finally:
        findings.report(on_damage)


def _add(
    window: replay.ReplayWindow, record: records.GameRecord, size: int, findings: damages.Findings
) -> int:
    if record.size != size:
        detail = f"{record.size}x{record.size}, expected {size}x{size}"
        findings.add(damages.Reason.size, f"game {record.game_id}", detail)
        return 0
    return window.add(record)


def _note(findings: damages.Findings, damage: gamelog.Damage) -> None:
    findings.add(damages.Reason.garbage, f"byte {damage.offset}", damage.reason)


def _window(reading: Reading, num_moves: int) -> replay.ReplayWindow:
    """Room for one game after another; no row is drawn by its surprise."""
    config = dataclasses.replace(
        reading.replay, min_window=num_moves, max_window=num_moves, surprise_weight=0.0
    )
    return replay.ReplayWindow(reading.size, config)


def _is_held_out(path: Path, numbers: np.ndarray, fraction: float) -> np.ndarray:
    """[B] for the file's games of these numbers: evenly spread, beginning where the file's name says."""
    return (numbers * fraction + _chance(path.name)) % 1 < fraction


def _chance(name: str) -> float:
    """A number in [0, 1) that belongs to the name; a run picks its held-out games by the same."""
    return zlib.crc32(name.encode()) / 2**32
