"""Value of a search in training: python -m tools.compare_policy_gradient SEARCHED REINFORCED.

SEARCHED and REINFORCED are runs of equal time, with a search and with search=none. Their networks play each
other, and each plays the uniform network with a search: once by their raw policies, once with PUCT. Games
come in pairs with colours swapped. Half of the openings are drawn from each network's policy. The output is a
table of these matches.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import command_line
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.evaluation import match, openings, players, weight_files
from alphazero.evaluation import result as results
from alphazero.net import inference
from alphazero.net import weights as network_weights

_SIZE = 9
"""Board of networks that play on every size."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays the matches and prints a row for each; 2 for bad arguments."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    networks: dict[str, evaluators.Evaluator] = {}
    try:
        loaded = {"searched": weight_files.load(options.searched)}
        loaded["reinforced"] = weight_files.load(options.reinforced)
        sizes = {network_weights.size_of(weights) or _SIZE for weights in loaded.values()}
        if len(sizes) > 1:
            raise ValueError(f"{options.reinforced}: the networks play boards of different sizes")
        for name, weights in loaded.items():
            networks[name] = inference.make_evaluator(weights, size=max(sizes), device=options.device)
    except ValueError as error:
        parser.error(str(error))
    size = sizes.pop()
    networks["uniform"] = evaluators.UniformEvaluator(size)
    game = game_config.GameConfig(size=size, komi=options.komi)
    for played in play_all(networks, game, options):
        print(played.report(), flush=True)
        if options.output is not None:
            with options.output.open("a") as file:
                print(json.dumps(played.as_json()), file=file)
    return 0


def play_all(
    networks: Mapping[str, evaluators.Evaluator], game: game_config.GameConfig, options: argparse.Namespace
) -> Iterator[results.MatchResult]:
    """The matches of the networks "searched", "reinforced" and "uniform", one after the other."""
    rng = np.random.default_rng(options.seed)
    first_moves: list[openings.Opening] = []
    for name, count in (("searched", (options.pairs + 1) // 2), ("reinforced", options.pairs // 2)):
        first_moves += openings.draw(networks[name], game, count=count, plies=options.opening_plies, rng=rng)
    puct = search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct, num_simulations=options.simulations
    )
    bare = search_config.SearchConfig(algorithm=search_config.Algorithm.none)
    opponent = players.SearchPlayer("uniform with a search", networks["uniform"], puct, rng)
    for how, search in (("by policy", bare), ("with a search", puct)):
        ours = [
            players.SearchPlayer(f"{name} {how}", networks[name], search, rng)
            for name in ("searched", "reinforced")
        ]
        for a, b in (ours, (ours[0], opponent), (ours[1], opponent)):
            played = match.play_match(a, b, game, first_moves)
            assert played is not None, "the match was not stopped"
            yield played


def _make_parser() -> command_line.Parser:
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(
        prog="python -m tools.compare_policy_gradient", description=summary, epilog=details
    )
    add, whole_number = parser.add_argument, command_line.whole_number
    add("searched", help=f"network of a run with a search: {weight_files.FORMS}")
    add("reinforced", help="network of a run with search=none, in the same forms")
    add("--pairs", type=whole_number(1, 10_000), default=100, help="of games, for each match")
    command_line.add_simulations(
        parser, most=100_000, default=32, meaning="for each move of a player with a search"
    )
    add("--opening-plies", type=whole_number(0, 40), default=4)
    add("--komi", type=command_line.number(-400, 400), default=3.0)
    add("--seed", type=whole_number(0, 2**31), default=0)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--output", type=Path, metavar="FILE", help="appends one JSON object for each match")
    return parser


if __name__ == "__main__":
    sys.exit(main())
