"""A GTP engine on stdin and stdout: alphazero gtp --weights FILE|DIR|none [--visits N]."""

import math
import os
import sys
from collections.abc import Sequence
from typing import TextIO

from alphazero.config import command_line
from alphazero.config import game as game_config
from alphazero.engine import inbox, protocol, setup, state
from alphazero.evaluation import weight_files


def main(arguments: Sequence[str] | None = None) -> int:
    """Plays until quit or the end of the input; returns 0, 2 for bad arguments, 130 when interrupted."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    try:
        is_uniform = options.weights == weight_files.UNIFORM
        weights = None if is_uniform else weight_files.load(options.weights)
        engine_options = setup.EngineOptions(
            num_simulations=options.visits,
            size=options.size,
            komi=options.komi,
            rules=state.Rules(ko=game_config.Ko(options.ko), suicide=options.suicide),
            resign_threshold=options.resign_threshold,
            device=options.device,
            num_threads=options.threads,
            leaf_batch=options.leaf_batch,
            max_time_s=options.max_time,
            lag_s=options.lag,
            symmetry=options.symmetry,
            ponders=options.ponder,
            is_cached=not options.no_cache,
        )
        engine = setup.make_engine(weights, engine_options)
    except ValueError as error:
        parser.error(str(error))
    try:
        with _claim_stdout() as output:
            # KataGo prints "GTP ready" to stderr, and LizGoban sends nothing before it.
            protocol.tell(f"{engine.state.setup.name}: GTP ready")
            protocol.serve(engine.everything, inbox.Inbox(0), output)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        pass  # the controller has closed the pipe
    return 0


def _make_parser() -> command_line.Parser:
    parser = command_line.Parser(prog="alphazero gtp", description=__doc__)
    add = parser.add_argument
    networks = f"{weight_files.FORMS}; or none, the uniform network"
    add("--weights", required=True, metavar=f"FILE|DIR|{weight_files.UNIFORM}", help=networks)
    add(
        "--visits", type=command_line.whole_number(1, 100_000), default=400, help="simulations a move at most"
    )
    add("--max-time", type=command_line.number(0.01, 86_400), default=math.inf, help="seconds a move at most")
    add("--lag", type=command_line.number(0, 60), default=0.2, help="seconds a move lost in transmission")
    add("--size", type=command_line.whole_number(2, 19), help="board at the start; weights fix it")
    add("--komi", type=command_line.number(-400, 400), help="7 up to 9x9, else 7.5")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=command_line.whole_number(1, 256), default=1, help="CPU threads of the network")
    add(
        "--leaf-batch",
        type=command_line.whole_number(1, 1024),
        default=8,
        help="positions in one call of the network; 1 is strongest for the same visits, but slow",
    )
    add(
        "--symmetry",
        choices=("none", "random", "average"),
        default="none",
        help="symmetry of the network's input: none, a random one, or the mean of all eight (8 x the work)",
    )
    add("--no-cache", action="store_true", help="evaluates repeated positions again")
    add("--ponder", action="store_true", help="searches during the opponent's turn")
    ko_rules = [rule.value for rule in game_config.Ko]
    add("--ko", choices=ko_rules, default=ko_rules[0], help="which repetitions are illegal")
    add("--suicide", action="store_true", help="allows moves that remove the player's own chain")
    add("--resign-threshold", type=command_line.number(-1, 0), help="resigns below this value")
    return parser


def _claim_stdout() -> TextIO:
    """Reserves stdout for answers: the output of libraries goes to stderr from now on."""
    sys.stdout.flush()
    claimed = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape", newline="\n")
    os.dup2(2, 1)
    return claimed


if __name__ == "__main__":
    sys.exit(main())
