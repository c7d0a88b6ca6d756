"""Speed beside other programs, measured in one run: python -m tools.compare_peers [selfplay] [gtp] [katago].

selfplay compares our self-play with pgx + mctx on the same cores, 9x9. gtp compares our GTP engine with Leela
Zero, with the same 19x19 weight file and number of threads. katago compares it with KataGo, with a file of
KataGo's family. The programs take turns, and the results are medians of the rounds. On a machine that does
other work only the ratios are meaningful.
--make-env makes the environment of pgx and mctx. Leela Zero is Debian's package leela-zero. `make katago`
fetches KataGo, which tunes itself for minutes when it starts with a network of a new width.
"""

import argparse
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from alphazero.benchmarks import nets, settings
from alphazero.config import command_line
from alphazero.engine_client import gtp_client
from alphazero.evaluation import weight_files
from alphazero.go import input_families
from alphazero.net import weights as network_weights
from tools.peers import contest, engines, environment, katago, selfplays, turns

CONTESTS = ("selfplay", "gtp", "katago")
RANDOM_NET = "b4c32"  # plays 19x19 if no file is given; it is as fast as a trained network
RANDOM_KATAGO_NET = "kata-b6c96"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each comparison; 0 done, 1 a program failed, 2 bad arguments or a missing peer."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    if options.make_env:
        return environment.make(options.peers_python)
    try:
        with tempfile.TemporaryDirectory() as folder:
            try:
                contests = _prepare(options, Path(folder))
            except (ValueError, environment.Missing) as error:
                parser.error(str(error))
            _show(contests, options.json)
    except (turns.ContestantFailed, gtp_client.EngineLost, gtp_client.CommandRefused) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _make_parser() -> command_line.Parser:
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(prog="python -m tools.compare_peers", description=summary, epilog=details)
    add = parser.add_argument
    whole_number = command_line.whole_number
    num_cores = len(os.sched_getaffinity(0))
    add("contests", nargs="*", metavar="|".join(CONTESTS), help="all by default")
    add("--rounds", type=whole_number(1, 1000), default=5)
    add("--json", action="store_true", help="one object a line")
    play = parser.add_argument_group("selfplay")
    add = play.add_argument
    add("--net", nargs="+", default=["b4c32", "b6c64"], help="shapes, such as b10c128")
    add("--cores", type=whole_number(1, num_cores), default=num_cores, help="for each side")
    add("--simulations", type=whole_number(1, 10_000), default=32, help="a move of self-play, for both")
    add(
        "--games",
        type=whole_number(1, 65_536),
        default=128,
        help="in each of our processes, one for each core",
    )
    add(
        "--peer-games", type=whole_number(1, 65_536), nargs="+", default=[64, 256], help="the best one counts"
    )
    add(
        "--peer-processes",
        type=whole_number(1, 64),
        nargs="+",
        help="default: 1, and one a core; the best counts",
    )
    add("--seconds", type=command_line.number(0.01, 600), default=6.0, help="a turn")
    add("--peers-python", type=Path, default=environment.DEFAULT, help="%(default)s")
    add("--make-env", action="store_true", help="makes the environment of --peers-python and ends")
    engine = parser.add_argument_group("gtp")
    add = engine.add_argument
    add(
        "--threads",
        type=whole_number(1, num_cores),
        nargs="+",
        default=[1, 2][:num_cores],
        help="also the number of cores",
    )
    add("--visits", type=whole_number(1, 100_000), default=1600, help="a move of the engines, for both")
    networks = f"a 19x19 network: {weight_files.FORMS}; a random {RANDOM_NET} by default"
    add("--weights", metavar="FILE|DIR", help=networks)
    add("--engine-args", default="", help="options of our engine, such as='--threads {threads}'")
    add("--leelaz", help="the program")
    _add_katago(parser)
    return parser


def _add_katago(parser: command_line.Parser) -> None:
    add = parser.add_argument_group("katago", "--threads and --engine-args are those of gtp").add_argument
    networks = f"a network of KataGo's family: {weight_files.FORMS}; a random {RANDOM_KATAGO_NET} by default"
    add("--katago-weights", metavar="FILE|DIR", help=networks)
    add("--katago-visits", type=command_line.whole_number(1, 100_000), default=800, help="a move, for both")
    add("--katago-size", type=command_line.whole_number(2, 19), default=9, help="of the board")
    add(
        "--katago-threads",
        type=command_line.whole_number(1, 1024),
        nargs="*",
        default=[8, 16],
        help="of its search, besides --threads; the best counts",
    )


def _prepare(options: argparse.Namespace, folder: Path) -> list[Iterator[contest.Comparison]]:
    """Finds the peers of all comparisons before the first one begins."""
    wanted = options.contests or CONTESTS
    unknown = [name for name in wanted if name not in CONTESTS]
    if unknown:
        raise ValueError(f"{unknown[0]}: must be {', '.join(CONTESTS[:-1])} or {CONTESTS[-1]}")
    cores = sorted(os.sched_getaffinity(0))
    chosen = []
    if "selfplay" in wanted:
        chosen.append(selfplays.compare(_selfplay_settings(options, cores[: options.cores])))
    if "gtp" in wanted:
        chosen.append(engines.compare(_gtp_settings(options, cores, folder)))
    if "katago" in wanted:
        chosen.append(katago.compare(_katago_settings(options, cores, folder)))
    return chosen


def _selfplay_settings(options: argparse.Namespace, cores: list[int]) -> selfplays.SelfPlaySettings:
    versions = environment.versions(options.peers_python)
    processes = options.peer_processes or sorted({1, len(cores)})
    if max(processes) > len(cores) or max(processes) > min(options.peer_games):
        raise ValueError(f"argument --peer-processes: {max(processes)}: more than there are cores or games")
    return selfplays.SelfPlaySettings(
        nets=[settings.parse_net(name) for name in options.net],
        cores=cores,
        num_simulations=options.simulations,
        num_games=options.games,
        peer_games=options.peer_games,
        peer_processes=processes,
        peers_python=options.peers_python,
        peer_name=f"pgx {versions['pgx']} + mctx {versions['mctx']} (jax {versions['jax']}, float32)",
        num_rounds=options.rounds,
        seconds=options.seconds,
    )


def _gtp_settings(options: argparse.Namespace, cores: list[int], folder: Path) -> engines.EngineSettings:
    leelaz = engines.find_leelaz(options.leelaz)
    if options.weights is None:
        path = folder / f"random-{RANDOM_NET}.txt"
        weights = nets.random_weights(settings.parse_net(RANDOM_NET), engines.SIZE)
        network_weights.write(weights, path)
    else:
        path = weight_files.find(options.weights).absolute()
        weights = weight_files.load(path)
    if not network_weights.plays(weights, engines.SIZE):
        own = network_weights.size_of(weights)
        raise ValueError(f"argument --weights: {path}: is for {own}x{own}, not 19x19")
    return engines.EngineSettings(
        weights=path,
        net_name=network_weights.name_of(weights),
        threads=options.threads,
        cores=cores,
        num_visits=options.visits,
        engine_arguments=shlex.split(options.engine_args),
        leelaz=leelaz,
        num_rounds=options.rounds,
    )


def _katago_settings(options: argparse.Namespace, cores: list[int], folder: Path) -> katago.KataGoSettings:
    katago.check_program()
    if options.katago_weights is None:
        path = folder / f"random-{RANDOM_KATAGO_NET}.bin.gz"
        weights = nets.random_weights(settings.parse_net(RANDOM_KATAGO_NET), options.katago_size)
        network_weights.write(weights, path)
    else:
        path = weight_files.find(options.katago_weights).absolute()
        weights = weight_files.load(path)
    if network_weights.family_of(weights) is input_families.LEELA:
        raise ValueError(
            f"argument --katago-weights: {path}: KataGo cannot load networks of Leela Zero's family"
        )
    return katago.KataGoSettings(
        weights=path,
        net_name=network_weights.name_of(weights),
        size=options.katago_size,
        threads=options.threads,
        cores=cores,
        search_threads=options.katago_threads,
        num_visits=options.katago_visits,
        engine_arguments=shlex.split(options.engine_args),
        num_rounds=options.rounds,
    )


def _show(contests: list[Iterator[contest.Comparison]], is_json: bool) -> None:
    if not is_json:
        print(contest.HEADING)
    for comparisons in contests:
        for comparison in comparisons:
            print(comparison.json() if is_json else comparison.line(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
