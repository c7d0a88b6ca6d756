"""Plot of supervised runs: python -m tools.plot_supervised FIGURE.svg RUN_DIR [RUN_DIR ...]."""

import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot
from tensorboard.backend.event_processing.event_accumulator import SCALARS

from alphazero import run_paths
from tools import run_events

HEAD = (
    "| run | best step | sessions | policy loss | top 1 | top 5 | value mse | winner |\n" + "|---" * 8 + "|"
)
Points = list[tuple[int, float]]


def main(target: Path, folders: list[Path]) -> int:
    """Draws losses and held-out accuracies over steps; prints a table of the best evaluations."""
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    print(HEAD)
    for number, folder in enumerate(folders):
        found, color = read(folder), f"C{number}"
        left.plot(*axes(smooth(found["learner/policy_loss"])), color, alpha=0.35)
        left.plot(*axes(found["held_out/policy_loss"]), color, label=folder.name)
        right.plot(*axes(found["held_out/policy_top1"]), color, label=f"{folder.name}, top 1")
        right.plot(*axes(found["held_out/policy_top5"]), color, linestyle="--", label=f"{folder.name}, top 5")
        print(row(folder, found))
    left.set(xlabel="steps", ylabel="nats", title="policy loss: trained (pale) and held out")
    right.set(xlabel="steps", ylabel="share of positions", ylim=(0, 1), title="policy accuracy, held out")
    left.legend()
    right.legend()
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target)
    return 0


def read(folder: Path) -> dict[str, Points]:
    """Steps and values by tag, of all sessions; steps that were repeated after a kill count once."""
    events = run_events.read(folder)
    tags = events.Tags()[SCALARS]
    return {tag: sorted({event.step: event.value for event in events.Scalars(tag)}.items()) for tag in tags}


def smooth(points: Points, width: int = 8) -> Points:
    """Means of `width` consecutive points, at the last one's step."""
    groups = [points[first : first + width] for first in range(0, len(points), width)]
    return [(group[-1][0], sum(value for _, value in group) / len(group)) for group in groups]


def axes(points: Points) -> tuple[list[int], list[float]]:
    """x and y."""
    return [step for step, _ in points], [value for _, value in points]


def row(folder: Path, found: dict[str, Points]) -> str:
    """Table row of the evaluation with the lowest held-out loss."""
    best = min(found["held_out/loss"], key=lambda point: point[1])[0]
    names = ("policy_loss", "policy_top1", "policy_top5", "value_mse", "value_accuracy")
    policy, top1, top5, mse, winner = (dict(found[f"held_out/{name}"])[best] for name in names)
    sessions = len(list((folder / run_paths.LOOP_EVENTS).glob("events*")))
    return (
        f"| {folder.name} | {best:,} | {sessions} | {policy:.3f} | {top1:.1%} | {top5:.1%} | {mse:.3f} "
        f"| {winner:.1%} |"
    )


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), [Path(word) for word in sys.argv[2:]]))
