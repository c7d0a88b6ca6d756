"""Settings of the run as a whole: its folder, its end, its start and its place."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class Resume(Enum):
    """What to do with a run folder that already holds a run."""

    auto = "auto"
    """Go on from its last state."""
    never = "never"
    """Refuse."""


@dataclass(kw_only=True, slots=True)
class RunConfig:
    """Where the run lives."""

    dir: str = "runs/run"
    """The run's folder (docs/architecture.md); `conf=NAME` sets runs/NAME."""
    resume: Resume = Resume.auto
    seed: int = 1
    """Seed of everything random; a Ray run is still not repeatable, a local one is."""

    def __post_init__(self) -> None:
        checks.require(bool(self.dir.strip()), "run.dir", repr(self.dir), "a folder's path")
        checks.require_at_least("run.seed", self.seed, 0)


@dataclass(kw_only=True, slots=True)
class StopConfig:
    """The run ends at the first bound that is reached; totals over all sessions of the run."""

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
        """How far the run has come: the largest share of any bound, 1 at its end, 0 without bounds."""
        done = {"minutes": minutes, "games": games, "steps": steps, "promotions": promotions}
        shares = [done[name] / bound for name in done if (bound := getattr(self, name)) is not None]
        return min(1.0, max(shares, default=0.0))


@dataclass(kw_only=True, slots=True)
class InitConfig:
    """What a new run starts from."""

    weights: str | None = None
    """A Leela Zero weight file of the run's board size and network shape; none starts at random."""
