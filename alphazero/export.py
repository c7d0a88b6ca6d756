"""Export of a run for other programs: alphazero export SOURCE --to chunks|leela DEST.

chunks: games of a run or SGF files as training chunks of Leela Zero, version 1.
leela:  a Leela Zero network, trained on a run's games with the run's promoted network as its teacher.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from alphazero.config import command_line
from alphazero.datasets import chunk_writer, corruption, game_source

_OPTIONS = {
    "chunks": {"games_per_chunk": chunk_writer.GAMES_PER_CHUNK},
    "leela": {"net": "b6c64", "minutes": 10.0, "games": 40, "simulations": None, "threads": 1},
}
"""Options that belong to one format, with their defaults."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; returns 0 if done, 1 if failed, 2 for bad arguments, 130 if interrupted.

    An export that fails leaves no files.
    """
    options = _parse(arguments)
    tally = corruption.CorruptionCounter(_show)
    try:
        return _export_chunks(options, tally) if options.to == "chunks" else _export_network(options, tally)
    except ValueError as error:
        print(f"export: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"export: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except (RuntimeError, FloatingPointError) as error:
        print(f"export: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interrupt:
        print(f"export: interrupted, {str(interrupt) or f'{options.dest} is unchanged'}", file=sys.stderr)
        return 130


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line.Parser(
        prog="alphazero export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("source", metavar="SOURCE", type=Path, help="a run's folder; for chunks also its games/ or SGF files")
    add("dest", metavar="DEST", type=Path, help="chunks: a folder; leela: a folder, or a file NAME.txt.gz")
    add("--to", choices=tuple(_OPTIONS), required=True, help="format")
    add(
        "--size",
        type=command_line.whole_number(2, 19),
        help="board size; by default the first game's, or game.size of the run",
    )
    whole, unset = command_line.whole_number, argparse.SUPPRESS
    chunks, leela = (parser.add_argument_group(f"--to {name}") for name in _OPTIONS)
    chunks.add_argument("--games-per-chunk", type=whole(1, 1_000_000), default=unset, help="games (32)")
    add = leela.add_argument
    add("--net", metavar="bNcM", default=unset, help="N blocks of M channels (b6c64)")
    add("--minutes", type=command_line.number(0.01, 1e5), default=unset, help="of answers and training (10)")
    add("--games", type=whole(0, 10_000), default=unset, help="even number against the teacher (40)")
    add("--simulations", type=whole(1, 100_000), default=unset, help="per move (gate.num_simulations)")
    add("--threads", type=whole(1, 256), default=unset, help="math threads on a CPU (1)")
    options = parser.parse_args(arguments)
    for name, defaults in _OPTIONS.items():
        for option in [] if name == options.to else defaults:
            if option in options:
                parser.error(f"--{option.replace('_', '-')}: is only for --to {name}")
    return argparse.Namespace(**_OPTIONS[options.to] | vars(options))


def _export_chunks(options: argparse.Namespace, tally: corruption.CorruptionCounter) -> int:
    source = game_source.open_source(options.source, options.size, tally)
    name = options.source.resolve().name.removesuffix(".sgf")
    with chunk_writer.ChunkWriter(options.dest, name, source.size, options.games_per_chunk) as writer:
        counts = chunk_writer.write(writer, source.games)
    skipped = f"{tally.counts.total()} skipped" + (f" ({tally})" if tally.counts else "")
    print(
        f"{options.dest}: {counts.positions} positions of {counts.games} games, chunks: {writer.num_chunks}; "
        f"left out: {counts.drawn} drawn games, {counts.without_policy} without policy, {skipped}"
    )
    return 0 if counts.games else 1


def _export_network(options: argparse.Namespace, tally: corruption.CorruptionCounter) -> int:
    from alphazero.supervised import distillation  # imports torch, which chunks do not need

    distillation.run(distillation.DistillationOptions.of(options), tally)
    return 0


def _show(skipped: corruption.Corruption) -> None:
    print(f"export: skipped {skipped}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
