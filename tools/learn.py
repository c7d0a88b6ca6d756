"""Does the loop still learn? python -m tools.learn DIR trains 9x9 with a fixed budget and rates the results.

Each seed trains from random weights in a process on one core (`cluster=local`), for --steps optimizer steps
and the self-play that they allow. The last network plays the shipped anchors, which gives its rating: Elo
above GNU Go's level 10. The exit code is 1 if the mean rating of all seeds is below --floor.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent import futures
from pathlib import Path
from typing import Any

from alphazero import run_paths
from alphazero.config import command_line, compose
from alphazero.evaluation import anchors, ladder, ratings
from alphazero.report import status

RECIPE = (
    "conf=9x9",
    "cluster=local",
    "gate=none",
    "gate.every_steps=1000000000",  # so that only the last network is promoted
    "training.num_threads=1",
    "ladder.gnugo=none",
)
"""Settings of each run; the others are the defaults."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if the mean rating is at least the floor, 1 if it is not or a run failed, 2 for bad arguments."""
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = command_line.Parser(prog="python -m tools.learn", description=summary, epilog=details)
    add, whole_number = parser.add_argument, command_line.whole_number
    add("folder", type=Path, metavar="DIR", help="must not exist yet")
    add("--seeds", type=whole_number(0, 2**31), nargs="+", default=[1, 2])
    add("--steps", type=whole_number(1, 10**9), default=3000, help="optimizer steps of each run")
    add("--games", type=whole_number(8, 10**6), default=400, help="of each network, against the anchors")
    add("--floor", type=float, metavar="ELO", help="smallest mean rating (none)")
    add("--set", nargs="+", default=[], metavar="KEY=VALUE", help="settings of all runs")
    options = parser.parse_args(arguments)
    if options.folder.exists():
        parser.error(f"{options.folder}: exists")
    try:
        game = compose.compose([*RECIPE, *options.set]).game
    except ValueError as error:
        parser.error(str(error))
    if not anchors.of_game(game).names:
        parser.error(f"no anchors are shipped for {game.size}x{game.size} with these rules")
    options.folder.mkdir(parents=True)
    with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda seed: _learn(seed, options), options.seeds))
    text = json.dumps({"seeds": results, "mean": (mean := mean_rating(results))}, indent=1)
    (options.folder / "learn.json").write_text(f"{text}\n")
    print(f"mean of {len(results)}: {_elo(mean)}")
    if options.floor is not None and mean["elo"] < options.floor:
        print(f"below the floor of {options.floor:+.0f} Elo", file=sys.stderr)
        return 1
    return 0


def mean_rating(results: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The mean of the runs' ratings, with the 95 % interval that follows from their own intervals."""
    elo = sum(result["elo"] for result in results) / len(results)
    half = math.sqrt(sum(((result["high"] - result["low"]) / 2) ** 2 for result in results)) / len(results)
    return {"elo": round(elo, 1), "low": round(elo - half, 1), "high": round(elo + half, 1)}


def _learn(seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """Trains and rates one network."""
    folder = options.folder / f"seed-{seed}"
    words = [*RECIPE, *options.set, f"stop.steps={options.steps}", f"run.seed={seed}", f"run.dir={folder}"]
    began = time.monotonic()
    with (options.folder / f"seed-{seed}.txt").open("w") as output:
        command = [sys.executable, "-m", "alphazero.run", *words]
        subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=True)
    trained_s, elo = time.monotonic() - began, rate(folder, options.games)
    reached = status.Status.load(folder / run_paths.STATUS)
    result = {
        "seed": seed,
        "elo": round(elo.elo, 1),
        "low": round(elo.low, 1),
        "high": round(elo.high, 1),
        "games": reached.games,
        "positions": reached.positions,
        "steps": reached.step,
        "seconds": round(trained_s),
    }
    print(
        f"seed {seed}: {_elo(result)}, {result['games']:,} games, {result['positions']:,} positions, "
        f"{result['steps']:,} steps, {trained_s:.0f} s",
        flush=True,
    )
    return result


def rate(folder: Path, num_games: int) -> ratings.Estimate:
    """The rating of a run's last network after so many games against the anchors."""
    rated = ladder.Ladder(compose.of_run(folder), folder)
    rated.add_promoted()
    while rated.num_games < num_games:
        rated.play()
    return next(rung.elo for rung in rated.write_ratings() if rung.step is not None)


def _elo(rating: dict[str, Any]) -> str:
    interval = f"{rating['low']:+.0f} to {rating['high']:+.0f}"
    return f"{rating['elo']:+.0f} Elo above GNU Go level 10 (95 %: {interval})"


if __name__ == "__main__":
    sys.exit(main())
