"""Matches of one network with different searches: python -m tools.match_searches WEIGHTS SEARCH ...

Each SEARCH plays the one before it. Games come in pairs with the same opening and colours swapped. A SEARCH
is ALGORITHM:SIMULATIONS, followed by settings of `search`, such as gumbel:128 or puct:800:leaf_batch=8.
"""

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alphazero.config import command_line
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.evaluation import match, openings, players, weight_files
from alphazero.evaluation import result as results
from alphazero.net import inference
from alphazero.net import weights as network_weights

_DEFAULTS: dict[str, Any] = dataclasses.asdict(search_config.SearchConfig())


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays the matches and prints a line for each; 2 for bad arguments."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(prog="python -m tools.match_searches", description=summary, epilog=details)
    add = parser.add_argument
    whole_number = command_line.whole_number
    add("weights", metavar="WEIGHTS", help=weight_files.FORMS)
    add("searches", nargs="+", type=parse_search, metavar="SEARCH")
    add("--pairs", type=whole_number(1, 10_000), default=100, help="pairs of games in each match")
    add("--opening-plies", type=whole_number(0, 40), default=6)
    add("--size", type=whole_number(2, 19), default=9, help="of the board, if the network plays on any")
    add("--komi", type=command_line.number(-400, 400), default=7.0)
    add("--seed", type=whole_number(0, 2**31), default=0)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--output", type=Path, metavar="FILE", help="appends one JSON object for each match")
    options = parser.parse_args(arguments)
    try:
        weights = weight_files.load(options.weights)
        evaluator = inference.make_evaluator(
            weights, size=network_weights.size_of(weights) or options.size, device=options.device
        )
    except ValueError as error:
        parser.error(str(error))
    for weaker, stronger in zip(options.searches, options.searches[1:], strict=False):
        began = time.monotonic()
        result = play(options, evaluator, (stronger, weaker))
        print(f"{result.report()}{time.monotonic() - began:.0f} s\n", flush=True)
        if options.output is not None:
            with options.output.open("a") as file:
                print(json.dumps({"network": Path(options.weights).name, **result.as_json()}), file=file)
    return 0


def parse_search(text: str) -> tuple[str, search_config.SearchConfig]:
    """Name and settings of a search such as "gumbel:128:c_scale=0.3"; raises ArgumentTypeError for others."""
    algorithm, _, rest = text.partition(":")
    simulations, *settings = rest.split(":")
    try:
        values = {}
        for setting in settings:
            name, _, value = setting.partition("=")
            kind = type(_DEFAULTS.get(name))
            if kind not in (int, float):
                raise ValueError(f"{name}: is not a numeric setting of search")
            values[name] = kind(value)
        config = search_config.SearchConfig(
            algorithm=search_config.Algorithm(algorithm), num_simulations=int(simulations), **values
        )
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from error
    return text, config


def play(
    options: argparse.Namespace,
    evaluator: inference.NetEvaluator,
    searches: tuple[tuple[str, search_config.SearchConfig], ...],
) -> results.MatchResult:
    """Plays the match of two searches; the first one is player a."""
    game = game_config.GameConfig(size=evaluator.size, komi=options.komi)
    rng = np.random.default_rng(options.seed)
    first_moves = openings.draw(evaluator, game, count=options.pairs, plies=options.opening_plies, rng=rng)
    a, b = (players.SearchPlayer(name, evaluator, config, rng) for name, config in searches)
    played = match.play_match(a, b, game, first_moves)
    assert played is not None, "the match was not stopped"
    return played


if __name__ == "__main__":
    sys.exit(main())
