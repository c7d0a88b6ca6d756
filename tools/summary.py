"""A small table of a run's losses and promotions, read from its TensorBoard events and certificates."""

from dataclasses import dataclass
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import SCALARS

from alphazero import run_paths
from tools import run_events

NUM_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Means of the learner's losses over one range of steps."""

    first_step: int
    last_step: int
    losses: dict[str, float]

    @property
    def steps(self) -> str:
        """The range as text."""
        is_one = self.first_step == self.last_step
        return str(self.first_step) if is_one else f"{self.first_step}-{self.last_step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Losses and promotions of a run."""

    rows: list[Row]
    """In ascending order of steps."""
    promotions: list[str]
    """Names of the promoted files, oldest first."""

    def fell(self, loss: str) -> bool:
        """Whether the loss of the last row is below that of the first."""
        return len(self.rows) > 1 and self.rows[-1].losses[loss] < self.rows[0].losses[loss]

    def text(self) -> str:
        """The summary as a table."""
        names = list(self.rows[0].losses) if self.rows else []
        widths = [max(16, len(name) + 2) for name in names]
        columns = list(zip(names, widths, strict=True))
        lines = [f"{'steps':>16}" + "".join(f"{name:>{width}}" for name, width in columns)]
        for row in self.rows:
            values = "".join(f"{row.losses[name]:{width}.4f}" for name, width in columns)
            lines.append(f"{row.steps:>16}{values}")
        lines.append(f"promoted: {len(self.promotions)}")
        lines += [f"  {name}" for name in self.promotions]
        return "\n".join(lines)


def summarize(folder: Path) -> Summary:
    """Reads the run in `folder`. A run without a step has no rows."""
    events = run_events.read(folder)
    series: dict[str, dict[int, float]] = {}
    for tag in events.Tags()[SCALARS]:
        group, _, name = tag.partition("/")
        if group == "learner" and "loss" in name:
            series[name] = {event.step: event.value for event in events.Scalars(tag)}
    steps = sorted(set.intersection(*(set(points) for points in series.values()))) if series else []
    length = max(1, -(-len(steps) // NUM_ROWS))
    ranges = [steps[start : start + length] for start in range(0, len(steps), length)]
    rows = [
        Row(
            first_step=part[0],
            last_step=part[-1],
            losses={name: sum(points[step] for step in part) / len(part) for name, points in series.items()},
        )
        for part in ranges
    ]
    return Summary(rows=rows, promotions=_promoted(folder / run_paths.PROMOTED))


def _promoted(folder: Path) -> list[str]:
    certificates = sorted(
        path for path in folder.glob(run_paths.CERTIFICATES) if path.name != run_paths.LATEST_NETWORK
    )
    return [path.stem for path in certificates]
