"""Record of a chaos run as plain data, which `watch` writes and `verify` checks."""

from dataclasses import dataclass, field

SELF_PLAY, LEARNER, RANK = "self-play", "learner", "learner rank"
REPLAY, STORE, REPORTER = "replay buffer", "weight store", "reporter"
EVALUATOR, LADDER = "evaluator", "ladder"
NODE, DRIVER = "node", "driver"
FROZEN, FULL_DISK = "frozen node", "full disk"

KILLS = (DRIVER, NODE, REPLAY, STORE, RANK, SELF_PLAY, LEARNER, EVALUATOR, REPORTER, LADDER)
"""Kinds of kills, the most informative first."""
FAULTS = (FULL_DISK, FROZEN)
"""Faults without a kill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """A kill or another fault; times are seconds since 1970."""

    time: float
    kind: str
    pid: int = 0
    """Process id of the target, 0 if the target is not one process."""
    over: float = 0.0
    """When the node came back or the fault ended; 0 for a kill that the run itself must repair."""

    @property
    def is_kill(self) -> bool:
        """Whether something was killed."""
        return self.kind in KILLS


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSample:
    """The run's files at one moment."""

    time: float
    written: float
    """When status.json was written."""
    games: int
    step: int
    promotions: int
    checkpoint: int
    """Step of the newest checkpoint, 0 for none."""


@dataclass(slots=True, kw_only=True)
class Life:
    """A process of an actor, from its first appearance to its disappearance."""

    kind: str
    pid: int
    began: float
    ended: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedGame:
    """A frame of the game log."""

    id: str
    written: float
    oldest: int
    """Version of the network at the first move."""
    newest: int
    """The same at the last one."""

    @property
    def life(self) -> str:
        """Name of the process of the self-play actor that played it."""
        return self.id.rpartition("-")[0]

    @property
    def number(self) -> int:
        """Number of games that this process had begun before."""
        return int(self.id.rpartition("-")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A message in log.txt."""

    time: float
    pid: int
    source: str
    """Name of the logger."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotedNetwork:
    """A promoted network at the end."""

    number: int
    steps: int
    trouble: str = ""
    """Why it does not load or does not match its certificate; empty if it is valid."""


@dataclass(slots=True, kw_only=True)
class ChaosRecord:
    """A whole chaos run."""

    blows: list[Blow] = field(default_factory=list)
    samples: list[RunSample] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    games: list[LoggedGame] = field(default_factory=list)
    """All frames of all files at the end, repeats included."""
    seen: dict[str, float] = field(default_factory=dict)
    """Ids of games that were complete in the log at some moment, and when that was first observed."""
    corruptions: list[str] = field(default_factory=list)
    """Stretches of the log that are not a game."""
    lines: list[LogLine] = field(default_factory=list)
    networks: list[PromotedNetwork] = field(default_factory=list)
    promoted: dict[str, str] = field(default_factory=dict)
    """Certificates that existed at some moment: sha256 of the weight file by the certificate's name."""
    failures: list[str] = field(default_factory=list)
    """Unexpected ends of the driver, and failures of the tool."""

    @property
    def kills(self) -> list[Blow]:
        """The blows that killed."""
        return [blow for blow in self.blows if blow.is_kill]
