"""Source of whole games: a run's game log, or SGF files."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from alphazero import run_paths
from alphazero.data import batch as batches
from alphazero.data import gamelog
from alphazero.datasets import chunk_writer, corruption, sgf_positions


class GameSource(NamedTuple):
    """Games as batches of their positions, all on boards of one size."""

    games: Iterator[batches.TrainingBatch]
    size: int


def open_source(path: Path, size: int | None, on_corruption: corruption.OnCorruption) -> GameSource:
    """The games at `path`; raises ValueError if there are none. size: None for that of the first game."""
    for folder in (path / run_paths.GAMES, path):
        if any(folder.glob(run_paths.GAME_LOGS)):
            return _open_log(folder, size, on_corruption)
    if not path.exists():
        raise ValueError(f"SOURCE={path}: does not exist")
    found = size or sgf_positions.size_of(path)
    return GameSource(sgf_positions.read(path, found, on_corruption), found)


def pass_on(skipped: gamelog.CorruptRecord, on_corruption: corruption.OnCorruption) -> None:
    """Reports a part of a game log that holds no readable game."""
    place = f"byte {skipped.offset}"
    reason = corruption.Reason.unreadable
    on_corruption(corruption.Corruption(skipped.path, place, reason, skipped.reason))


def _open_log(folder: Path, size: int | None, on_corruption: corruption.OnCorruption) -> GameSource:
    games = gamelog.GameLog(folder).read_all(lambda skipped: pass_on(skipped, on_corruption))
    first = next(games, None)
    if first is None:
        raise ValueError(f"SOURCE={folder}: no readable game found")
    found = size or first.size
    return GameSource(
        chunk_writer.of_records(itertools.chain([first], games), found, folder, on_corruption), found
    )
