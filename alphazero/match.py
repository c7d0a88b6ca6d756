"""Plays a competition between engines: python -m alphazero.match FILE.ctl|FILE.yaml, or report DIR."""

import sys
from collections.abc import Sequence
from pathlib import Path

from alphazero.competition import control, ledger, report, runner, stopping
from alphazero.config import command_line


def main(arguments: Sequence[str] | None = None) -> int:
    """0 done, 1 halted after void games, 2 for the user's mistakes, 130 interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if list(arguments[:1]) == ["report"]:
        return _report(arguments[1:])
    options = _make_parser().parse_args(arguments)
    return command_line.exit_code(lambda: _run(options))


def _run(options) -> None:
    path = Path(options.file)
    if not path.is_file():
        raise ValueError(f"{path}: there is no such control file")
    competition = control.read(path)
    folder = Path(options.output) if options.output else path.with_name(f"{path.stem}-match")
    with ledger.Ledger(folder, path.stem, competition) as book, stopping.on_signals() as should_stop:
        runner.run(
            competition,
            book,
            jobs=options.jobs,
            most_games=options.games,
            should_stop=should_stop,
            on_event=(lambda line: None) if options.quiet else _say,
        )
        if not options.quiet:
            print(f"\n{(folder / 'report.txt').read_text()}", end="")


def _say(line: str) -> None:
    print(line, flush=True)


def _report(arguments: Sequence[str]) -> int:
    parser = command_line.Parser(prog="python -m alphazero.match report", description="Prints the report.")
    parser.add_argument("folder", help="of a competition, which may be running")
    folder = Path(parser.parse_args(arguments).folder)

    def work() -> None:
        found = ledger.read(folder)
        print(report.text(found.competition, found.results, found.descriptions, name=found.name), end="")

    return command_line.exit_code(work)


def _make_parser() -> command_line.Parser:
    epilog = "python -m alphazero.match report DIR prints the report of a competition's folder."
    parser = command_line.Parser(prog="python -m alphazero.match", description=__doc__, epilog=epilog)
    add, number = parser.add_argument, command_line.whole_number
    add("file", help="control file: gomill's, or YAML")
    add("--jobs", type=number(1, 1024), default=1, help="games at once")
    add(
        "--output",
        metavar="DIR",
        help="folder of the competition; else beside FILE, with its name and -match",
    )
    add("--games", type=number(1, 10**9), help="at most so many in this run")
    add("--quiet", action="store_true", help="prints nothing but mistakes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
