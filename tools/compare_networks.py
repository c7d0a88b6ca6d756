"""Comparison of networks on the same positions: python -m tools.compare_networks RUN_DIR b4c32 kata-b4c32.

RUN_DIR holds self-play games (RUN_DIR/games) of one board size. Each network trains on them for --seconds of
one core, once for each seed, with the settings of `conf=9x9` and the words after `--set`. Held-out games
measure it: the divergence of its policy from the search's, the squared error of its value, and the share of
winners that the value names. Each run adds a line to --output.
"""

import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from alphazero.comparison import held_out, supervised
from alphazero.config import command_line, compose, schema
from alphazero.go import input_families

_METRICS = ("policy_kl", "policy_top1", "value_mse", "value_accuracy")


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains all networks and prints the table; 2 for bad arguments."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(prog="python -m tools.compare_networks", description=summary, epilog=details)
    add, whole_number = parser.add_argument, command_line.whole_number
    add("source", type=Path, metavar="RUN_DIR")
    add("nets", nargs="+", metavar="NET", help="choices of net=, such as b4c32 or kata-b4c32")
    add("--seconds", type=command_line.number(0.1, 100_000), default=240.0, help="of training, for each run")
    add("--seeds", type=whole_number(1, 100), default=2)
    add("--held-out", type=command_line.number(0.001, 0.5), default=0.05, help="share of the games")
    add("--held-out-positions", type=whole_number(16, 1_000_000), default=8192, help="at most")
    add("--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings of all networks")
    add("--output", type=Path, default=Path("networks.jsonl"), metavar="FILE", help="overwritten")
    options = parser.parse_args(arguments)
    results = []
    try:
        configs = {name: _config(name, options.set) for name in options.nets}
        families = {family.name: family for family in map(_family, configs.values())}
        positions = {
            name: held_out.load(options.source, options.held_out, options.held_out_positions, family)
            for name, family in families.items()
        }
    except ValueError as error:
        parser.error(str(error))
    with options.output.open("w") as file:
        for result in compare(configs, positions, options.seconds, options.seeds):
            print(json.dumps(result), file=file, flush=True)
            print(_line(result), flush=True)
            results.append(result)
    print("\n".join(table(results)))
    return 0


def compare(
    configs: dict[str, schema.Config],
    positions: dict[str, held_out.Positions],
    seconds: float,
    num_seeds: int,
) -> Iterator[dict[str, Any]]:
    """Results of the networks in turn, for one seed after the other. positions: by family of inputs."""
    for seed in range(1, num_seeds + 1):
        for name, config in configs.items():
            known = positions[_family(config).name]
            config.run.seed, config.game.size = seed, known.size
            yield {"net": name, **_trained(config, known, seconds)}


def _trained(config: schema.Config, positions: held_out.Positions, seconds: float) -> dict[str, Any]:
    """Metrics of a new network after its training."""
    result = supervised.train(config, positions, seconds)
    found = {key: round(result.metrics[key], 5) for key in _METRICS}
    return {
        "seed": config.run.seed,
        "steps": result.steps,
        "samples_per_s": round(result.samples_per_s),
        **found,
    }


def table(results: Sequence[dict[str, Any]]) -> list[str]:
    """Lines of a Markdown table: means over seeds, and half the distance of the extremes."""
    runs: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for result in results:
        runs[result["net"]].append(result)
    lines = [f"| network | samples/s | {' | '.join(_METRICS)} |", "|---|---|" + "---|" * len(_METRICS)]
    for name, own in runs.items():
        speed = statistics.mean(run["samples_per_s"] for run in own)
        cells = [_spread([run[key] for run in own]) for key in _METRICS]
        lines.append(f"| {name} | {speed:,.0f} | {' | '.join(cells)} |")
    return lines


def _config(name: str, words: Sequence[str]) -> schema.Config:
    return compose.compose(["conf=9x9", f"net={name}", "training.num_threads=1", *words])


def _family(config: schema.Config) -> input_families.InputFamily:
    return input_families.of_net(config.net)


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.3f} ± {(max(values) - min(values)) / 2:.3f}"


def _line(result: dict[str, Any]) -> str:
    metrics = ", ".join(f"{key} {result[key]:.3f}" for key in _METRICS)
    return f"{result['net']}, seed {result['seed']}: {result['samples_per_s']:,} samples/s, {metrics}"


if __name__ == "__main__":
    sys.exit(main())
