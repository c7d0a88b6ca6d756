"""Match of a network against GNU Go or the uniform network: python -m tools.play_gnugo WEIGHTS [--level 1].

Games come in pairs with the same opening and colours swapped. All games advance together, end by two passes
and are scored by area. Games, report and result.json are written to --output; --json prints the result
as one line.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import command_line
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.engine_client import gtp_client
from alphazero.evaluation import gtp_player, match, openings, players, weight_files
from alphazero.evaluation import result as results
from alphazero.net import inference
from alphazero.net import weights as network_weights


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays the match; 0 if it was played, 1 if an engine failed, 2 for bad arguments."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    try:
        weights = weight_files.load(options.weights)
        evaluator = inference.make_evaluator(
            weights, size=network_weights.size_of(weights) or options.size, device=options.device
        )
    except ValueError as error:
        parser.error(str(error))
    if options.opponent == "gnugo" and shutil.which(options.gnugo) is None:
        parser.error(f"argument --gnugo: {options.gnugo}: no such program")
    began = time.monotonic()
    try:
        result = _play(options, evaluator)
    except (gtp_client.EngineLost, gtp_client.CommandRefused) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 1
    _report(options, result, time.monotonic() - began)
    return 0


def _make_parser() -> command_line.Parser:
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(prog="python -m tools.play_gnugo", description=summary, epilog=details)
    add = parser.add_argument
    whole_number = command_line.whole_number
    add("weights", metavar="WEIGHTS", help=weight_files.FORMS)
    add("--opponent", choices=("gnugo", "uniform"), default="gnugo")
    add("--level", type=whole_number(1, 10), default=1, help="GNU Go's level")
    add("--games", type=_even_number, default=40)
    command_line.add_simulations(parser, most=100_000, default=128, meaning="for each move of both players")
    add("--opening-plies", type=whole_number(0, 40), default=4)
    add(
        "--opening",
        choices=("policy", "uniform"),
        default="policy",
        help="the policy that draws the first plies",
    )
    add("--size", type=whole_number(2, 19), default=9, help="of the board, if the network plays on any")
    add("--komi", type=command_line.number(-400, 400), default=7.0)
    add("--seed", type=whole_number(0, 2**31), default=0)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add(
        "--processes",
        type=whole_number(1, 256),
        default=os.cpu_count() or 1,
        help="number of GNU Go processes",
    )
    add("--gnugo", default=gtp_player.find_gnugo() or "gnugo", help="the program")
    add("--output", type=Path, metavar="DIR")
    add("--json", action="store_true")
    return parser


def _even_number(text: str) -> int:
    number = command_line.whole_number(2, 10_000)(text)
    if number % 2:
        raise argparse.ArgumentTypeError(f"{text}: must be even, because games come in pairs")
    return number


def _play(options: argparse.Namespace, evaluator: inference.NetEvaluator) -> results.MatchResult:
    game = game_config.GameConfig(size=evaluator.size, komi=options.komi)
    search = search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct, num_simulations=options.simulations
    )
    rng = np.random.default_rng(options.seed)
    uniform = evaluators.UniformEvaluator(evaluator.size)
    first_moves = openings.draw(
        evaluator if options.opening == "policy" else uniform,
        game,
        count=options.games // 2,
        plies=options.opening_plies,
        rng=rng,
    )
    ours = players.SearchPlayer(Path(options.weights).name, evaluator, search, rng)
    with contextlib.ExitStack() as stack:
        if options.opponent == "uniform":
            theirs = players.SearchPlayer("uniform", uniform, search, rng)
        else:
            theirs = stack.enter_context(_gnugo(options, game, first_moves))
        played = match.play_match(ours, theirs, game, first_moves, on_game=_progress(options.games))
    assert played is not None, "the match was not stopped"
    return played


def _gnugo(
    options: argparse.Namespace,
    game: game_config.GameConfig,
    first_moves: Sequence[openings.Opening],
) -> gtp_player.GtpPlayer:
    command = gtp_player.gnugo_command(options.gnugo, options.level, options.seed + 1)
    return gtp_player.GtpPlayer(
        f"GNU Go level {options.level}", command, game, first_moves, num_processes=options.processes
    )


def _progress(num_games: int):
    tally = {1.0: 0, 0.5: 0, 0.0: 0}

    def show(played: results.PlayedGame) -> None:
        tally[played.points] += 1
        finished = sum(tally.values())
        if sys.stderr.isatty() or finished % 10 == 0:
            line = f"{finished}/{num_games} games, {'-'.join(map(str, tally.values()))} (wins-draws-losses)"
            print(line, file=sys.stderr)

    return show


def _report(options: argparse.Namespace, result: results.MatchResult, seconds: float) -> None:
    if options.output is not None:
        result.write_folder(options.output)
    if options.json:
        facts = {"simulations": options.simulations, "seconds": round(seconds, 1), **result.as_json()}
        print(json.dumps(facts))
    else:
        print(f"{result.report()}{options.simulations} simulations a move, {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
