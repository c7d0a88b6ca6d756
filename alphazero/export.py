"""Export of games for other programs: alphazero export SOURCE --to chunks DEST."""

import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from alphazero import run_paths
from alphazero.config import command_line
from alphazero.data import batch as batches
from alphazero.data import gamelog
from alphazero.datasets import chunk_writer, corruption, sgf_positions

PER_CHUNK = chunk_writer.GAMES_PER_CHUNK


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0 if done, 1 if failed, 2 for bad arguments, 130 if interrupted.

    An export that fails leaves no files.
    """
    parser = command_line.Parser(prog="alphazero export", description=__doc__)
    add = parser.add_argument
    add("source", metavar="SOURCE", type=Path, help="a run's folder or its games/; an SGF file or folder")
    add("dest", metavar="DEST", type=Path, help="folder for <SOURCE's name>.0.gz, .1.gz, ...")
    add("--to", choices=("chunks",), required=True, help="training chunks of Leela Zero, version 1")
    add("--size", type=command_line.whole_number(2, 19), help="board size; by default that of the first game")
    add("--games-per-chunk", type=command_line.whole_number(1, 1_000_000), default=PER_CHUNK)
    options = parser.parse_args(arguments)
    tally = corruption.CorruptionCounter(_show)
    try:
        source = open_source(options.source, options.size, tally)
        name = options.source.resolve().name.removesuffix(".sgf")
        with chunk_writer.ChunkWriter(options.dest, name, source.size, options.games_per_chunk) as writer:
            counts = chunk_writer.write(writer, source.games)
    except ValueError as error:
        print(f"export: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"export: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"export: interrupted, {options.dest} is unchanged", file=sys.stderr)
        return 130
    skipped = f"{tally.counts.total()} skipped" + (f" ({tally})" if tally.counts else "")
    print(
        f"{options.dest}: {counts.positions} positions of {counts.games} games, chunks: {writer.num_chunks}; "
        f"left out: {counts.drawn} drawn games, {counts.without_policy} without policy, {skipped}"
    )
    return 0 if counts.games else 1


class ExportSource(NamedTuple):
    """Games to export, all on boards of one size."""

    games: Iterator[batches.TrainingBatch]
    size: int


def open_source(path: Path, size: int | None, on_corruption: corruption.OnCorruption) -> ExportSource:
    """The games at `path`; raises ValueError if there are none. size: None for that of the first game."""
    for folder in (path / run_paths.GAMES, path):
        if any(folder.glob(run_paths.GAME_LOGS)):
            return _open_log(folder, size, on_corruption)
    if not path.exists():
        raise ValueError(f"SOURCE={path}: does not exist")
    found = size or sgf_positions.size_of(path)
    return ExportSource(sgf_positions.read(path, found, on_corruption), found)


def _open_log(folder: Path, size: int | None, on_corruption: corruption.OnCorruption) -> ExportSource:
    def pass_on(skipped: gamelog.CorruptRecord) -> None:
        place = f"byte {skipped.offset}"
        on_corruption(
            corruption.Corruption(skipped.path, place, corruption.Reason.unreadable, skipped.reason)
        )

    games = gamelog.GameLog(folder).read_all(pass_on)
    first = next(games, None)
    if first is None:
        raise ValueError(f"SOURCE={folder}: no readable game found")
    found = size or first.size
    return ExportSource(
        chunk_writer.of_records(itertools.chain([first], games), found, folder, on_corruption), found
    )


def _show(skipped: corruption.Corruption) -> None:
    print(f"export: skipped {skipped}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
