"""Plot of Elo over simulations: python -m tools.plot_searches MATCHES.jsonl ... FIGURE.svg."""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot


def main(sources: list[Path], target: Path) -> int:
    """Draws a line for each file of `tools.match_searches`: Elo above its first search, summed over steps."""
    all_simulations: set[int] = set()
    figure, axes = pyplot.subplots(figsize=(6, 3.8), layout="constrained")
    for source in sources:
        name, points = climb([json.loads(line) for line in source.read_text().splitlines()])
        simulations, elos, low, high = zip(*points, strict=True)
        all_simulations.update(simulations)
        axes.errorbar(simulations, elos, yerr=(low, high), marker="o", capsize=3, label=name)
    axes.set(
        xlabel="simulations a move",
        ylabel="Elo above the first",
        xscale="log",
        title="more search, same network",
    )
    ticks = sorted(all_simulations)
    axes.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
    axes.minorticks_off()
    axes.legend()
    figure.savefig(target)
    print(target)
    return 0


def climb(matches: list[dict]) -> tuple[str, list[tuple[int, float, float, float]]]:
    """Algorithm, and for each search: simulations, summed Elo, and both arms of its step's interval."""
    algorithm, first = split(matches[0]["b"])
    points, total = [(first, 0.0, 0.0, 0.0)], 0.0
    for match in matches:
        low, high = match["elo_95"]
        total += match["elo"]
        points.append((split(match["a"])[1], total, match["elo"] - low, high - match["elo"]))
    return algorithm, points


def split(search: str) -> tuple[str, int]:
    """Algorithm and simulations of a search's name."""
    algorithm, simulations = search.split(":")[:2]
    return algorithm, int(simulations)


if __name__ == "__main__":
    raise SystemExit(main([Path(name) for name in sys.argv[1:-1]], Path(sys.argv[-1])))
