"""Plot of a run's strength over its minutes: python -m tools.plot_strength STRENGTH.json FIGURE.svg."""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

from alphazero.evaluation import ratings

SIMULATIONS = 128
"""Simulations per move of the matches in the plot."""


class Point(NamedTuple):
    """A match: scores are percentages."""

    minutes: float
    score: float
    low: float
    high: float


def main(source: Path, target: Path) -> int:
    """Draws a line for each opponent of `tools.strength` at 128 simulations."""
    figure, axes = pyplot.subplots(figsize=(7, 3.6), layout="constrained")
    found = lines(json.loads(source.read_text()))
    for opponent, points in found.items():
        minutes, scores, lows, highs = zip(*points, strict=True)
        below = [score - low for score, low in zip(scores, lows, strict=True)]
        above = [high - score for score, high in zip(scores, highs, strict=True)]
        axes.errorbar(minutes, scores, yerr=(below, above), marker="o", capsize=3, label=opponent)
    ticks = sorted({point.minutes for points in found.values() for point in points})
    axes.set(xlabel="minutes from random weights", ylabel="score in %", xscale="log", ylim=(0, 100))
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], minor=False)
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(title=f"{SIMULATIONS} simulations a move, against", loc="lower right")
    figure.savefig(target)
    print(target)
    return 0


def lines(found: list[dict[str, Any]]) -> dict[str, list[Point]]:
    """The matches with 128 simulations, by opponent."""
    by_opponent: dict[str, list[Point]] = {}
    for row in found:
        for match in row["matches"]:
            if match["simulations"] == SIMULATIONS:
                low, high = match["elo_95"]
                point = Point(
                    row["minutes"],
                    100 * match["score"],
                    0.0 if low is None else 100 * ratings.to_score(low),
                    100.0 if high is None else 100 * ratings.to_score(high),
                )
                by_opponent.setdefault(_label(match["opponent"]), []).append(point)
    return by_opponent


def _label(opponent: str) -> str:
    kind, _, level = opponent.partition("-")
    return f"GNU Go level {level}" if kind == "gnugo" else "KataGo's network, as many simulations"


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
