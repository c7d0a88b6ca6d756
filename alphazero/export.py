"""Converts games for other programs: python -m alphazero.export SOURCE --to chunks DEST."""

import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from alphazero.config import command_line
from alphazero.data import batch as batches
from alphazero.data import chunk_writer, gamelog, sgf_positions
from alphazero.data import damage as damages

PER_CHUNK = chunk_writer.GAMES_PER_CHUNK


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; 0 done, 1 failed, 2 bad arguments, 130 interrupted; a failure leaves no file."""
    parser = command_line.Parser(prog="python -m alphazero.export", description=__doc__)
    add = parser.add_argument
    add("source", metavar="SOURCE", type=Path, help="a run's folder or its games/; an SGF file or folder")
    add("dest", metavar="DEST", type=Path, help="folder for <SOURCE's name>.0.gz, .1.gz, ...")
    add("--to", choices=("chunks",), required=True, help="training chunks of Leela Zero, version 1")
    add("--size", type=command_line.whole_number(2, 19), help="of the board; by default the first game's")
    add("--games-per-chunk", type=command_line.whole_number(1, 1_000_000), default=PER_CHUNK)
    options = parser.parse_args(arguments)
    tally = damages.Tally(_show)
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
        print(f"export: interrupted, {options.dest} is as before", file=sys.stderr)
        return 130
    skipped = f"{tally.counts.total()} skipped" + (f" ({tally})" if tally.counts else "")
    print(
        f"{options.dest}: {counts.positions} positions of {counts.games} games, chunks: {writer.num_chunks}; "
        f"left out: {counts.drawn} drawn games, {counts.without_policy} without policy, {skipped}"
    )
    return 0 if counts.games else 1


class Source(NamedTuple):
    """Games to export, all on boards of one size."""

    games: Iterator[batches.Batch]
    size: int


def open_source(path: Path, size: int | None, on_damage: damages.OnDamage) -> Source:
    """The games at `path`; size: None for that of the first game. ValueError when there are none."""
    for folder in (path / "games", path):
        if any(folder.glob("*.games")):
            return _open_log(folder, size, on_damage)
    if not path.exists():
        raise ValueError(f"SOURCE={path}: is not there")
    found = size or sgf_positions.size_of(path)
    return Source(sgf_positions.read(path, found, on_damage), found)


def _open_log(folder: Path, size: int | None, on_damage: damages.OnDamage) -> Source:
    def pass_on(damage: gamelog.Damage) -> None:
        place = f"byte {damage.offset}"
        on_damage(damages.Damage(damage.path, place, damages.Reason.unreadable, damage.reason))

    games = gamelog.GameLog(folder).read_all(pass_on)
    first = next(games, None)
    if first is None:
        raise ValueError(f"SOURCE={folder}: no readable game there")
    found = size or first.size
    return Source(chunk_writer.of_records(itertools.chain([first], games), found, folder, on_damage), found)


def _show(damage: damages.Damage) -> None:
    print(f"export: skipped {damage}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
