"""Competitions of engines and networks: alphazero match FILE.ctl|FILE.yaml (or report, ladder)."""

import sys
from collections.abc import Sequence
from pathlib import Path

from alphazero.competition.play import competitions, stopping
from alphazero.competition.results import ledger, report
from alphazero.config import command_line, compose


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 done, 1 halted after void games or failed, 2 the user's mistake, 130 interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    others = {"report": _report, "ladder": _ladder}
    if arguments and arguments[0] in others:
        return others[arguments[0]](arguments[1:])
    options = _make_parser().parse_args(arguments)
    return command_line.exit_code(lambda: _run(options))


def _run(options) -> None:
    path = Path(options.file)
    folder = Path(options.output) if options.output else path.with_name(f"{path.stem}-match")
    on_event = (lambda line: None) if options.quiet else _say
    with stopping.on_signals() as should_stop:
        competitions.play(
            path,
            folder,
            jobs=options.jobs,
            most_games=options.games,
            should_stop=should_stop,
            on_event=on_event,
        )
    if not options.quiet:
        print(f"\n{(folder / 'report.txt').read_text()}", end="")


def _say(line: str) -> None:
    print(line, flush=True)


def _report(arguments: Sequence[str]) -> int:
    parser = command_line.Parser(prog="alphazero match report", description="Prints a report.")
    parser.add_argument("folder", help="folder of a competition, which may be running")
    folder = Path(parser.parse_args(arguments).folder)

    def work() -> None:
        found = ledger.read(folder)
        print(report.text(found.competition, found.results, found.descriptions, name=found.name), end="")

    return command_line.exit_code(work)


def _ladder(arguments: Sequence[str]) -> int:
    prog, summary = "alphazero match ladder", "Plays games of a run's ladder and prints the ladder."
    parser = command_line.Parser(prog=prog, description=summary)
    parser.add_argument("folder", help="folder of the run")
    parser.add_argument("--games", type=command_line.whole_number(0, 10**6), default=0, help="games to play")
    options = parser.parse_args(arguments)

    def work() -> None:
        # Imported here, because importing torch takes seconds and competitions of engines do not need it.
        from alphazero.evaluation import ladder

        folder = Path(options.folder)
        played = ladder.Ladder(compose.of_run(folder), folder)
        played.add_promoted()
        num_wanted = played.num_games + options.games
        while played.num_games < num_wanted:
            played.play()
            _say(f"{played.num_games - num_wanted + options.games}/{options.games} games")
        if options.games:
            played.write_ratings()
        print(played.report())

    return command_line.exit_code(work)


def _make_parser() -> command_line.Parser:
    epilog = (
        "report DIR prints the report of a competition's folder; "
        "ladder RUN_DIR [--games N] plays and prints the ladder of a run's networks."
    )
    parser = command_line.Parser(prog="alphazero match", description=__doc__, epilog=epilog)
    add, number = parser.add_argument, command_line.whole_number
    add("file", help="control file, gomill's or YAML")
    add("--jobs", type=number(1, 1024), help="games at once (half the cores; 32 if only networks play)")
    add(
        "--output",
        metavar="DIR",
        help="folder of the competition (FILE without its suffix, with -match)",
    )
    add("--games", type=number(1, 10**9), help="largest number of games in this run")
    add("--quiet", action="store_true", help="print nothing but errors")
    return parser


if __name__ == "__main__":
    sys.exit(main())
