"""Settings of the run as a whole: its folder, its end and its initial weights."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class Resume(Enum):
    """Treatment of a run folder that already holds a run."""

    auto = "auto"
    """Continues from its last state."""
    never = "never"
    """Refuses to start."""


@dataclass(kw_only=True, slots=True)
class RunConfig:
    """The run's folder and seed."""

    dir: str = "runs/run"
    """The run's folder (docs/architecture.md); `conf=NAME` sets runs/NAME."""
    resume: Resume = Resume.auto
    seed: int = 1
    """Seed of all random generators. A local run is repeatable; a run on Ray is not."""

    def __post_init__(self) -> None:
        checks.require(bool(self.dir.strip()), "run.dir", repr(self.dir), "a folder's path")
        checks.require_at_least("run.seed", self.seed, 0)


@dataclass(kw_only=True, slots=True)
class StopConfig:
    """Bounds on totals over all sessions of the run, which ends at the first one that is reached."""

    minutes: float | None = None
    """Minutes of running time."""
    games: int | None = None
    """Self-play games."""
    steps: int | None = None
    """Optimizer steps."""
    promotions: int | None = None
    """Promoted networks."""

    def __post_init__(self) -> None:
        for name in ("minutes", "games", "steps", "promotions"):
            value = getattr(self, name)
            if value is not None:
                checks.require_positive(f"stop.{name}", value)

    def progress(self, *, minutes: float, games: int, steps: int, promotions: int) -> float:
        """Progress of the run: the largest fraction of a bound, 1 at the end, 0 without bounds."""
        done = {"minutes": minutes, "games": games, "steps": steps, "promotions": promotions}
        shares = [done[name] / bound for name in done if (bound := getattr(self, name)) is not None]
        return min(1.0, max(shares, default=0.0))


@dataclass(kw_only=True, slots=True)
class InitConfig:
    """Initial weights of a new run."""

    weights: str | None = None
    """A network of the run's board size and shape: a weight file, a run's folder or a folder of promoted
    files (its newest network); null for random weights."""
