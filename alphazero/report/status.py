"""The status of a run: metrics for its user as a dataclass, a JSON file and one line of text."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from alphazero import files, run_paths

_END_TEXTS = {"passes": "two passes", "resign": "resigned", "limit": "move limit"}


@dataclass(slots=True, kw_only=True)
class Status:
    """The status at one moment. Totals are over all sessions of the run."""

    minutes: float = 0.0
    """Running time."""
    first_move_s: float | None = None
    """Seconds from the start of this session to its first self-play move; None before it."""
    games: int = 0
    ends: dict[str, int] = field(default_factory=dict)
    """Number of games by reason of their end (data.record.END_REASONS): passes, resign, settled, limit."""
    recent_ends: dict[str, float] = field(default_factory=dict)
    """Fractions of the newest games by reason of their end."""
    mean_length: float = 0.0
    """Mean number of moves of the newest games."""
    positions: int = 0
    """Positions with a training target."""
    games_per_hour: float = 0.0
    positions_per_s: float = 0.0
    cores: dict[str, float] = field(default_factory=dict)
    """Number of busy cores by kind of work, over the last half minute (`MetricsAggregator.cores`)."""
    simulations_per_s: float = 0.0
    """Simulations of all self-play actors together."""
    actors: int = 0
    """Number of self-play actors that reported lately."""
    window: int = 0
    """Positions in the replay window, from which training draws."""
    step: int = 0
    """The learner's step."""
    samples_per_s: float = 0.0
    """Speed of the learner while it does not wait, all ranks together."""
    losses: dict[str, float] = field(default_factory=dict)
    """The learner's metrics whose names contain "loss"."""
    replay_ratio: float = 0.0
    """Samples drawn per position so far."""
    last_gate: str = ""
    """The gate's newest decision, in a sentence."""
    mirror: str = ""
    """State of the mirror in words; empty without a mirror."""
    promotions: int = 0
    weights: int = 0
    """Version of the best network."""
    backend: str = ""
    """Inference backend of self-play."""
    balance: str = ""
    """Whether self-play or the learner is the slower side, in a sentence."""
    waiting_for: str = ""
    """The processes that wait, and what they wait for; empty while none of them waits."""
    game_age_s: float | None = None
    """Seconds since a game was counted; None before the first one of this session."""
    step_age_s: float | None = None
    """Seconds since an optimizer step."""
    promotion_age_s: float | None = None
    """Seconds since a promotion."""

    def save(self, path: Path) -> None:
        """Replaces the file atomically: a reader never sees half of it."""
        files.write_atomic(path, json.dumps(asdict(self), indent=1).encode())

    @classmethod
    def load(cls, path: Path) -> "Status":
        """Reads what `save` wrote."""
        return cls(**json.loads(path.read_text()))

    def rows(self) -> list[tuple[str, str]]:
        """Names and values of a table's rows."""
        losses = "  ".join(f"{name.removesuffix('_loss')} {value:.3f}" for name, value in self.losses.items())
        return [
            ("running", f"{self.minutes:.1f} min  ({self._first_move_text()})"),
            ("self-play", f"{self.actors} actors, {self.simulations_per_s:,.0f} simulations/s"),
            ("network on", self.backend or "-"),
            ("busy cores", self._cores_text()),
            ("games", f"{self.games:,}  ({self.games_per_hour:,.0f}/h, newest {_ago(self.game_age_s)})"),
            ("games end", self._ends_text()),
            ("positions", f"{self.positions:,}  ({self.positions_per_s:,.0f}/s, window {self.window:,})"),
            ("learner", f"step {self.step:,}  (newest {_ago(self.step_age_s)})"),
            ("losses", losses or "-"),
            ("replay ratio", f"{self.replay_ratio:.2f} samples for each position"),
            ("last gate", self.last_gate or "-"),
            (
                "promotions",
                f"{self.promotions}  (newest {_ago(self.promotion_age_s)}, best network {self.weights})",
            ),
            *([("mirror", self.mirror)] if self.mirror else []),
            *([("balance", self.balance)] if self.balance else []),
            ("waiting for", self.waiting_for or "-"),
        ]

    def _first_move_text(self) -> str:
        if self.first_move_s is None:
            return "no move yet"
        return f"first move after {self.first_move_s:.1f} s"

    def _cores_text(self) -> str:
        """The kinds of work that take at least a hundredth of a core, largest first."""
        largest = sorted(self.cores.items(), key=lambda item: -item[1])
        return (
            ", ".join(f"{kind.replace('_', ' ')} {count:.2f}" for kind, count in largest if count >= 0.01)
            or "-"
        )

    def _ends_text(self) -> str:
        """How the newest games ended, and how many games ever reached the move limit."""
        shares = [f"{_END_TEXTS.get(end, end)} {share:.1%}" for end, share in self.recent_ends.items()]
        limit = self.ends.get("limit", 0)
        total = f" ({limit:,} so far)" if limit else ""
        return f"{', '.join(shares)}{total}; {self.mean_length:.0f} moves" if shares else "-"

    def line(self) -> str:
        """The status in one line, for a log or a pipe."""
        losses = " ".join(f"{name} {value:.3f}" for name, value in self.losses.items())
        parts = [
            f"{self.minutes:.1f} min",
            self._first_move_text(),
            f"games {self.games} ({self.games_per_hour:.0f}/h)",
            self.recent_ends and f"ends {' '.join(f'{e} {s:.1%}' for e, s in self.recent_ends.items())}",
            self.mean_length and f"moves {self.mean_length:.0f}",
            f"positions {self.positions} ({self.positions_per_s:.0f}/s)",
            f"simulations/s {self.simulations_per_s:.0f}",
            f"window {self.window}",
            f"step {self.step}",
            losses,
            f"ratio {self.replay_ratio:.2f}",
            f"promotions {self.promotions}",
            f"best {self.weights}",
            self.last_gate and f"gate: {self.last_gate}",
            self.mirror and f"mirror {self.mirror}",
            self.balance,
            self.waiting_for and f"waiting: {self.waiting_for}",
        ]
        return " | ".join(part for part in parts if part)


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return "not yet"
    if seconds < 120:
        return f"{seconds:.0f} s ago"
    return f"{seconds / 60:.0f} min ago" if seconds < 7200 else f"{seconds / 3600:.1f} h ago"


def minutes_so_far(folder: Path) -> float:
    """Running time of the run's earlier sessions; 0 for a new run or if status.json cannot be read."""
    return last(folder).minutes


def last_step(folder: Path) -> int:
    """The learner's step in status.json; 0 if the file cannot be read."""
    return last(folder).step


def last(folder: Path) -> Status:
    """The content of status.json; all zero if the file cannot be read."""
    try:
        return Status.load(folder / run_paths.STATUS)
    except (OSError, ValueError, TypeError):
        return Status()
