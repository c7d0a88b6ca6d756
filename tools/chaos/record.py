"""What a chaos run leaves behind for its judges: plain data, made by `watch` and judged by `verify`."""

from dataclasses import dataclass, field

SELF_PLAY, LEARNER, RANK = "self-play", "learner", "learner rank"
REPLAY, STORE, REPORTER = "replay buffer", "weight store", "reporter"
EVALUATOR, LADDER = "evaluator", "ladder"
NODE, DRIVER = "node", "driver"
FROZEN, FULL_DISK = "frozen node", "full disk"

KILLS = (DRIVER, NODE, REPLAY, STORE, RANK, SELF_PLAY, LEARNER, EVALUATOR, REPORTER, LADDER)
"""What can be killed, the most telling first."""
FAULTS = (FULL_DISK, FROZEN)
"""What passes without a kill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """A kill or another fault; times are seconds since 1970."""

    time: float
    kind: str
    pid: int = 0
    """Of the victim, 0 where it is not one process."""
    over: float = 0.0
    """When a node was given back or a fault taken away, 0 for a kill that nobody mends but the run."""

    @property
    def is_kill(self) -> bool:
        """Whether something was killed."""
        return self.kind in KILLS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was on disk at one moment."""

    time: float
    written: float
    """When status.json was."""
    games: int
    step: int
    promotions: int
    checkpoint: int
    """Step of the newest checkpoint, 0 for none."""


@dataclass(slots=True, kw_only=True)
class Life:
    """A process of an actor, from when it was first seen to when it no longer was."""

    kind: str
    pid: int
    began: float
    ended: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """A frame of the game log."""

    id: str
    written: float
    oldest: int
    """Version of the network at the first move."""
    newest: int
    """The same at the last one."""

    @property
    def life(self) -> str:
        """Name of the self-play actor's life that played it."""
        return self.id.rpartition("-")[0]

    @property
    def number(self) -> int:
        """How many games that life had begun before."""
        return int(self.id.rpartition("-")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A message in log.txt."""

    time: float
    pid: int
    source: str
    """Name of the logger."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A promoted network at the end."""

    number: int
    steps: int
    trouble: str = ""
    """Why it does not load or match its certificate."""


@dataclass(slots=True, kw_only=True)
class Record:
    """A whole chaos run."""

    blows: list[Blow] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    games: list[Game] = field(default_factory=list)
    """All frames of all files at the end, repeats included."""
    seen: dict[str, float] = field(default_factory=dict)
    """Ids of games that were complete in the log at some moment, and when that was first noticed."""
    damages: list[str] = field(default_factory=list)
    """Stretches of the log that are no game."""
    lines: list[Line] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    promoted: dict[str, str] = field(default_factory=dict)
    """Certificates that were there at some moment: sha256 of the weight file by the certificate's name."""
    failures: list[str] = field(default_factory=list)
    """Ends of the driver that nobody asked for."""

    @property
    def kills(self) -> list[Blow]:
        """The blows that killed."""
        return [blow for blow in self.blows if blow.is_kill]
