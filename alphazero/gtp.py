"""A GTP engine on stdin and stdout: python -m alphazero.gtp --weights FILE|DIR|none [--visits N]."""

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
    """Plays until quit or the end of the input; 0 then, 2 for bad arguments, 130 when interrupted."""
    parser = _make_parser()
    options = parser.parse_args(arguments)
    try:
        weights = None if options.weights == "none" else weight_files.load(options.weights)
        wishes = setup.Wishes(
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
        engine = setup.make_engine(weights, wishes)
    except ValueError as error:
        parser.error(str(error))
    try:
        with _claim_stdout() as output:
            # LizGoban sends nothing before it has read "GTP ready" here, as KataGo writes it.
            protocol.tell(f"{engine.state.setup.name}: GTP ready")
            protocol.serve(engine.everything, inbox.Inbox(0), output)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        pass  # the controller has left; there is nobody to answer
    return 0


def _make_parser() -> command_line.Parser:
    parser = command_line.Parser(prog="python -m alphazero.gtp", description=__doc__)
    add = parser.add_argument
    networks = "weight file, run folder, or a uniform network"
    add("--weights", required=True, metavar="FILE|DIR|none", help=networks)
    add(
        "--visits", type=command_line.whole_number(1, 100_000), default=400, help="simulations a move at most"
    )
    add("--max-time", type=command_line.number(0.01, 86_400), default=math.inf, help="seconds a move at most")
    add("--lag", type=command_line.number(0, 60), default=0.2, help="seconds a move, kept off the clock")
    add("--size", type=command_line.whole_number(2, 19), help="board at the start; weights fix it")
    add("--komi", type=command_line.number(-400, 400), help="7 up to 9x9, else 7.5")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=command_line.whole_number(1, 256), default=1, help="of the network, on a CPU")
    add(
        "--leaf-batch",
        type=command_line.whole_number(1, 1024),
        default=8,
        help="positions that the network judges together; 1 is strongest for its visits, and slow",
    )
    add(
        "--symmetry",
        choices=("none", "random", "average"),
        default="none",
        help="how the network sees a position: as it is, turned at random, or all eight ways (8 x the work)",
    )
    add("--no-cache", action="store_true", help="asks the network again about positions that it has seen")
    add("--ponder", action="store_true", help="thinks on while the opponent does")
    ko_rules = [rule.value for rule in game_config.Ko]
    add("--ko", choices=ko_rules, default=ko_rules[0], help="what a move may not repeat")
    add("--suicide", action="store_true", help="a chain without liberties may remove itself")
    add("--resign-threshold", type=command_line.number(-1, 0), help="resigns below this value; else never")
    return parser


def _claim_stdout() -> TextIO:
    """stdout for answers alone: whatever libraries print goes to stderr from now on."""
    sys.stdout.flush()
    claimed = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape", newline="\n")
    os.dup2(2, 1)
    return claimed


if __name__ == "__main__":
    sys.exit(main())
