"""Matches between networks: python -m tools.match_networks WEIGHTS WEIGHTS ... [--equal-time].

Each network plays all the others by PUCT without noise. Games come in pairs with the same opening and colours
swapped, and each network draws half of the openings. With --equal-time the slowest network has
--simulations for a move, and the others have more in proportion to their evaluations/s, measured in turns on
one core at the match's batch.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from alphazero.benchmarks import nets, settings
from alphazero.config import command_line
from alphazero.config import game as game_config
from alphazero.evaluation import network_match, weight_files
from alphazero.net import inference
from alphazero.net import weights as network_weights

_SECONDS = 5.0
"""Time for the evaluations/s of each network."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays the matches and prints a line for each; 2 for bad arguments."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(prog="python -m tools.match_networks", description=summary, epilog=details)
    add, whole_number = parser.add_argument, command_line.whole_number
    add("weights", nargs="+", metavar="WEIGHTS", help=f"at least two of: {weight_files.FORMS}")
    command_line.add_simulations(parser, most=100_000, default=128, meaning="for each move")
    add("--equal-time", action="store_true", help="more simulations for faster networks")
    add("--pairs", type=whole_number(1, 10_000), default=200, help="pairs of games in each match")
    add("--opening-plies", type=whole_number(0, 40), default=6)
    add("--size", type=whole_number(2, 19), default=9, help="of the board, if the networks play on any")
    add("--komi", type=command_line.number(-400, 400), default=7.0)
    add("--seed", type=whole_number(0, 2**31), default=0)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--output", type=Path, metavar="FILE", help="appends one JSON object for each match")
    options = parser.parse_args(arguments)
    if len(options.weights) < 2:
        parser.error(f"{options.weights[0]}: the only network; a match needs two")
    try:
        entrants = load(options)
    except ValueError as error:
        parser.error(str(error))
    for a, b in itertools.combinations(entrants, 2):
        began = time.monotonic()
        game = game_config.GameConfig(size=options.size, komi=options.komi)
        result = network_match.play(
            a, b, game, pairs=options.pairs, opening_plies=options.opening_plies, seed=options.seed
        )
        assert result is not None, "the match was not stopped"
        print(f"{result.report()}{time.monotonic() - began:.0f} s\n", flush=True)
        if options.output is not None:
            with options.output.open("a") as file:
                facts = {"simulations": [a.simulations, b.simulations], **result.as_json()}
                print(json.dumps(facts), file=file)
    return 0


def load(options: argparse.Namespace) -> list[network_match.Entrant]:
    """Loads the networks and settles their simulations. Raises ValueError if one cannot play this board."""
    evaluators = []
    for path in options.weights:
        weights = weight_files.load(path)
        size = network_weights.size_of(weights) or options.size
        if size != options.size:
            raise ValueError(
                f"{path}: plays on {size}x{size} only, the match is on {options.size}x{options.size}"
            )
        evaluators.append(
            inference.make_evaluator(weights, size=size, device=options.device, batch=min(128, options.pairs))
        )
    rates = _rates(evaluators, options) if options.equal_time else [1.0] * len(evaluators)
    entrants = []
    for path, evaluator, rate in zip(options.weights, evaluators, rates, strict=True):
        simulations = round(options.simulations * rate / min(rates))
        entrants.append(network_match.Entrant(f"{_name(path)} at {simulations}", evaluator, simulations))
        print(f"{entrants[-1].name}: {evaluator.describe()}", flush=True)
    return entrants


def _rates(evaluators: Sequence[inference.NetEvaluator], options: argparse.Namespace) -> list[float]:
    """Evaluations/s of each network at the match's batch: half of the games wait for the opponent."""
    batch = min(64, options.pairs)
    device = "cuda" if "cuda" in evaluators[0].describe() else "cpu"
    measured = settings.BenchmarkSettings(
        size=options.size, nets=[], num_simulations=0, num_games=0, device=device, seconds=_SECONDS
    )
    bests = [
        nets.FastestBackend("", evaluator, nets.random_inputs(batch, evaluator), 0.0, [batch])
        for evaluator in evaluators
    ]
    return nets.rates_in_turns(bests, measured)


def _name(path: str) -> str:
    """A short name for a path: the run's folder in front of a promoted file's name."""
    file = Path(path)
    return file.name if file.is_dir() else "/".join(file.parts[-3:])


if __name__ == "__main__":
    sys.exit(main())
