"""Plot of a run's training: python -m tools.plot_run runs/9x9 docs/figures/training_9x9.svg."""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot
from tensorboard.backend.event_processing.event_accumulator import SCALARS

from alphazero import run_paths
from tools import run_events

LOSSES = ("policy_kl", "value_loss", "ownership_loss")


def main(folder: Path, target: Path) -> int:
    """Draws losses over the minutes of the first session, and the sum of the gates' Elo."""
    events = run_events.read(folder)
    start = min(events.Scalars(tag)[0].wall_time for tag in events.Tags()[SCALARS])
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    for name in LOSSES:
        points = smooth(events.Scalars(f"learner/{name}"))
        left.plot([(wall - start) / 60 for wall, _ in points], [value for _, value in points], label=name)
    left.set(xlabel="minutes", ylabel="nats", ylim=(0, 2), title="losses")
    left.legend()
    minutes = {event.step: (event.wall_time - start) / 60 for event in events.Scalars("gate/promoted")}
    ladder = climb(folder / run_paths.PROMOTED)
    known = [(minutes[step], elo) for step, elo in ladder if step in minutes]
    right.plot([0, *(minute for minute, _ in known)], [0, *(elo for _, elo in known)], marker=".")
    right.set(xlabel="minutes", ylabel="Elo above the untrained network", title="sum of the gates' Elo")
    figure.savefig(target)
    print(f"{target}: {len(known)} promotions, {known[-1][1] if known else 0:.0f} Elo in sum")
    return 0


def smooth(points: list, width: int = 15) -> list[tuple[float, float]]:
    """Means of `width` consecutive points: time and value."""
    groups = [points[first : first + width] for first in range(0, len(points), width)]
    return [(group[-1].wall_time, sum(point.value for point in group) / len(group)) for group in groups]


def climb(folder: Path) -> list[tuple[int, float]]:
    """Step of each promoted network and the sum of all gates' Elo up to it."""
    total, ladder = 0.0, []
    for path in sorted(folder.glob("[0-9]*.json")):
        certificate = json.loads(path.read_text())
        if certificate["match"] is not None:
            total += certificate["match"]["elo"]
        ladder.append((certificate["steps"], total))
    return ladder


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2])))
