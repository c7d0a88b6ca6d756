"""Benchmarks of this machine: alphazero bench selfplay [net ...] [--json]."""

import sys
from collections.abc import Callable, Iterator, Sequence

from alphazero.benchmarks import (
    boards,
    engines,
    gates,
    learners,
    measurement,
    nets,
    searches,
    selfplays,
    settings,
)
from alphazero.config import command_line
from alphazero.config import training as training_config
from alphazero.net import hardware

Measure = Callable[[settings.BenchmarkSettings], Iterator[measurement.Measurement]]
BENCHMARKS: dict[str, Measure] = {
    "board": boards.measure,
    "search": searches.measure,
    "net": nets.measure,
    "selfplay": selfplays.measure,
    "learner": learners.measure,
    "gtp": engines.measure,
    "gate": gates.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints one line after each measurement.

    Returns the exit code: 0 done, 2 bad arguments, 130 interrupted.
    """
    parser = command_line.Parser(prog="alphazero bench", description=__doc__)
    add = parser.add_argument
    add("benchmarks", nargs="+", choices=BENCHMARKS, metavar=f"{{{','.join(BENCHMARKS)}}}")
    add("--net", nargs="+", default=["b4c32", "b6c64"], help="shapes, such as b10c128")
    add("--size", type=command_line.whole_number(2, 19), default=9)
    command_line.add_simulations(parser, most=10_000, default=32)
    add("--games", type=command_line.whole_number(1, 65_536), default=128, help="advanced together")
    add("--device", choices=("auto", "cpu", "cuda"), default="cpu", help="of the network; cpu means one core")
    add("--seconds", type=command_line.number(0.01, 3600), default=10.0, help="of each measurement, about")
    add("--threads", type=command_line.whole_number(1, 256), default=1, help="of the GTP engine, on a CPU")
    add("--leaf-batch", type=command_line.whole_number(1, 1024), default=8, help="of the GTP engine")
    add(
        "--ranks",
        type=command_line.whole_number(1, 64),
        default=1,
        help="of the learner, measured in turns with one",
    )
    add("--batch-size", type=command_line.whole_number(1, 65_536), default=256, help="of each rank")
    add("--compile", action="store_true", help="use torch.compile for the learner's step")
    add("--json", action="store_true", help="print one object per line")
    options = parser.parse_args(arguments)
    try:
        chosen = settings.BenchmarkSettings(
            size=options.size,
            nets=[settings.parse_net(name) for name in options.net],
            num_simulations=options.simulations,
            num_games=options.games,
            device=options.device,
            seconds=options.seconds,
            num_threads=options.threads,
            leaf_batch=options.leaf_batch,
            num_ranks=options.ranks,
            batch_size=options.batch_size,
            is_compiled=options.compile,
        )
        hardware.pick_device(training_config.Device(options.device))
    except ValueError as error:
        parser.error(str(error))
    try:
        for name in options.benchmarks:
            for measured in BENCHMARKS[name](chosen):
                print(measured.json() if options.json else measured.line(), flush=True)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
