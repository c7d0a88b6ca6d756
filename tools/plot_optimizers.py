"""Table and figure of a comparison: python -m tools.plot_optimizers RESULTS.jsonl ... [FIGURE.svg].

RESULTS.jsonl are outputs of tools.compare_optimizers. The baseline is the lowest final held-out loss of plain
SGD with the same network. An entry has reached it when the mean of its curves stays at or below it.
"""

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot

STEP, SECONDS, LOSS, KL, MSE = range(5)  # columns of a run's points
HEADER = (
    "optimizer", "network", "rate", "held-out loss", "seeds", "policy KL", "value MSE", "steps",
    "steps to SGD's", "seconds to SGD's", "SGD's seconds / own",
)  # fmt: skip


def main(sources: Sequence[Path], target: Path | None) -> int:
    """Prints the table as Markdown and the answers; draws the figure if there is a target."""
    runs = [json.loads(text) for source in sources for text in source.read_text().splitlines()]
    entries: dict[str, list[dict]] = {}
    for run in runs:
        if run["phase"] == "final":
            entries.setdefault(run["entry"], []).append(run)
    print("\n" + "\n".join(table(entries)))
    print("\n" + "\n".join(answers(entries)))
    if target is not None:
        draw(entries, target)
        print(target)
    return 0


def line(run: dict[str, Any]) -> str:
    """One run on one line."""
    step, seconds = run["points"][-1][:2]
    loss = "diverged" if run["diverged"] else f"{final_loss(run):.4f}"
    seed = f" seed {run['seed']}" if run["phase"] == "final" else ""
    name = f"{run['phase']:6} {run['entry']}{seed}"
    return f"{name}: rate {run['rate']:.3g}, {step} steps, {seconds:.1f} s, {loss}"


def final_loss(run: dict[str, Any]) -> float:
    """Held-out loss at the end; infinite for a run that diverged."""
    return math.inf if run["diverged"] else run["points"][-1][LOSS]


def table(entries: dict[str, list[dict]]) -> list[str]:
    """A Markdown table with a row for each entry; a star marks a learning rate at the edge of its search."""
    rows = ["| " + " | ".join(HEADER) + " |", "|" + "---|" * len(HEADER)]
    for label, runs in entries.items():
        net = runs[0]["net"]
        goal = yardstick(entries, net)
        steps, seconds = reach(runs, goal)
        sgd_seconds = min((reach(other, goal)[1] for other in plain(entries, net)), default=math.inf)
        last = [run["points"][-1] for run in runs]
        cells = [
            label,
            net,
            f"{runs[0]['rate']:.2g}" + "*" * runs[0]["edge"],
            f"{mean(map(final_loss, runs)):.4f}",
            " ".join(f"{final_loss(run):.4f}" for run in runs),
            f"{mean(point[KL] for point in last):.4f}",
            f"{mean(point[MSE] for point in last):.4f}",
            f"{mean(point[STEP] for point in last):.0f}",
            *(
                (f"{steps:.0f}", f"{seconds:.1f}", f"{sgd_seconds / seconds:.2f}")
                if seconds < math.inf
                else ("-", "-", "-")
            ),
        ]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def plain(entries: dict[str, list[dict]], net: str) -> list[list[dict]]:
    """The entries of plain SGD with this network."""
    return [runs for runs in entries.values() if runs[0]["optimizer"] == "sgd" and runs[0]["net"] == net]


def yardstick(entries: dict[str, list[dict]], net: str) -> float:
    """Plain SGD's final loss: the lowest mean of its entries, -inf without one."""
    return min((mean(map(final_loss, runs)) for runs in plain(entries, net)), default=-math.inf)


def reach(runs: list[dict], loss: float) -> tuple[float, float]:
    """Steps and seconds until the mean of the curves stays at the loss or below; infinite if it does not."""
    if math.inf in map(final_loss, runs):
        return math.inf, math.inf
    last = list(zip(*(run["points"][-1] for run in runs), strict=True))
    inner = zip(*(run["points"][1:-1] for run in runs), strict=False)
    curve = [list(map(mean, zip(*points, strict=True))) for points in inner] + [list(map(mean, last))]
    found = (math.inf, math.inf)
    for point in reversed(curve):
        if point[LOSS] > loss:
            break
        found = point[STEP], point[SECONDS]
    return found


def answers(entries: dict[str, list[dict]]) -> list[str]:
    """Results of the comparison for the claims of the articles behind it."""
    found = []

    def loss(label: str) -> str:
        return f"{label} {mean(map(final_loss, entries[label])):.4f}"

    third, whole = "adamw onecycle, a third", "adamw onecycle"
    if third in entries and plain(entries, entries[third][0]["net"]):
        sgd = yardstick(entries, entries[third][0]["net"])
        is_there = mean(map(final_loss, entries[third])) <= sgd
        verb = "reaches" if is_there else "does not reach"
        found.append(f"AdamW with 1cycle {verb} SGD's {sgd:.4f} in a third of its time: {loss(third)}")
    if whole in entries and "adamw cosine" in entries:
        found.append(f"1cycle beside a cosine: {loss(whole)}, {loss('adamw cosine')}")
    if "amsgrad cosine" in entries and "adamw cosine" in entries:
        found.append(f"AMSGrad beside AdamW: {loss('amsgrad cosine')}, {loss('adamw cosine')}")
    if "rso linear b1c8" in entries and "sgd cosine b1c8" in entries:
        start = mean(run["points"][0][LOSS] for run in entries["rso linear b1c8"])
        found.append(f"RSO from {start:.4f}: {loss('rso linear b1c8')}, {loss('sgd cosine b1c8')}")
    return found


def draw(entries: dict[str, list[dict]], target: Path) -> None:
    """Held-out loss over steps and over seconds, a line for each seed."""
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 5), layout="constrained", sharey=True)
    colors = matplotlib.colormaps["tab20"].colors  # type: ignore[attr-defined]
    lowest, highest = math.inf, -math.inf
    for number, (label, runs) in enumerate(entries.items()):
        for index, run in enumerate(runs):
            points = run["points"][1:]
            losses = [point[LOSS] for point in points]
            lowest, highest = min([lowest, *losses]), max([highest, *losses[len(losses) // 4 :]])
            for axis, column in zip(axes, (STEP, SECONDS), strict=True):
                name = label if index == 0 else None
                axis.plot([p[column] for p in points], losses, color=colors[number % 20], label=name, lw=1.2)
    axes[0].set(xlabel="steps", ylabel="held-out loss", xscale="log")
    axes[1].set(xlabel="seconds of training", xscale="log")
    if lowest < highest < math.inf:
        axes[0].set_ylim(lowest - 0.05 * (highest - lowest), highest)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right upper", fontsize="small")
    figure.savefig(target)


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:]]
    is_drawn = len(paths) > 1 and paths[-1].suffix == ".svg"
    raise SystemExit(main(paths[:-1] if is_drawn else paths, paths[-1] if is_drawn else None))
