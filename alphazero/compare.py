"""Comparison of settings: alphazero compare RUN_DIR --minutes 7 -- KEY=VALUE ... --against KEY=VALUE ...

Two forks of the run, with its checkpoint and games, go on with the settings before and after --against, in
turns on the same cores. Then their networks play a match. Without settings after --against the second fork
goes on as the run would. The same command resumes an interrupted comparison. --supervised compares new
networks instead, which train on the run's positions; it keeps nothing if it is interrupted.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from alphazero.competition.play import stopping
from alphazero.config import command_line

_AGAINST, _SETTINGS = "--against", "--"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 failed, 2 the user's mistake, 130 interrupted."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    parser = _make_parser()
    settings = arguments.index(_SETTINGS) if _SETTINGS in arguments else len(arguments)
    options = parser.parse_args(arguments[:settings])
    words = arguments[settings + 1 :]
    if _AGAINST not in words:
        parser.error(f"settings: must be -- KEY=VALUE ... {_AGAINST} [KEY=VALUE ...]")
    place = words.index(_AGAINST)
    sides = (tuple(words[:place]), tuple(words[place + 1 :]))
    if sides[0] == sides[1]:
        parser.error(f"settings: {' '.join(sides[0]) or 'none'} on both sides of {_AGAINST}")
    return command_line.exit_code(lambda: _compare(options, sides))


def _compare(options: argparse.Namespace, words: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    # Imported here, because importing torch takes seconds.
    from alphazero.comparison import contenders, outcome, slices, supervised

    # Absolute, because a fork's file of settings names its folder.
    source = Path(options.run_dir).expanduser().absolute()
    ending = "supervised" if options.supervised else "comparison"
    folder = source.with_name(f"{source.name}-{ending}")
    if options.output:
        folder = Path(options.output).expanduser().absolute()
    if folder.is_relative_to(source):
        raise ValueError(f"--output={folder}: must be outside of the run's folder")
    asked = contenders.ComparisonSettings(
        source=source,
        words=words,
        minutes=options.minutes,
        num_slices=options.slices,
        pairs=options.pairs,
        simulations=options.simulations,
        opening_plies=options.opening_plies,
        seed=options.seed,
    )
    with stopping.on_signals() as stop:

        def should_stop() -> bool:
            return bool(stop())

        if options.supervised:
            sides = supervised.compare(asked, should_stop, _say)
        else:
            sides = slices.compare(asked, folder, should_stop, _say)
        line = None if sides is None or stop() else outcome.play(asked, sides, folder, should_stop)
    if line is None:
        raise KeyboardInterrupt
    _say(line)


def _say(line: str) -> None:
    print(line, flush=True)


def _make_parser() -> command_line.Parser:
    summary, _, details = (__doc__ or "").partition("\n\n")
    usage = "alphazero compare RUN_DIR [OPTION ...] -- KEY=VALUE ... --against [KEY=VALUE ...]"
    parser = command_line.Parser(prog="alphazero compare", usage=usage, description=summary, epilog=details)
    add, whole_number = parser.add_argument, command_line.whole_number
    add("run_dir", metavar="RUN_DIR", help="folder of a run that is not running")
    add("--minutes", type=command_line.number(0.05, 100_000), default=7.0, help="for each side")
    add("--slices", type=whole_number(1, 1000), default=2, help="turns of each side")
    add("--pairs", type=whole_number(1, 10_000), default=200, help="pairs of games in the match")
    command_line.add_simulations(parser, most=100_000, default=128, meaning="for each move of the match")
    add("--opening-plies", type=whole_number(0, 40), default=6)
    add("--supervised", action="store_true", help="train new networks on the run's positions instead")
    add("--seed", type=whole_number(0, 2**31), default=0, help="of the match and of --supervised")
    add("--output", metavar="DIR", help="for forks and results (RUN_DIR-comparison or -supervised)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
