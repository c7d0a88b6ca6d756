"""What a control file asks for, whichever way it was written; names are gomill's where gomill has one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path


class Kind(Enum):
    """How players are paired."""

    playoff = "playoff"
    """By the matchups that the file lists."""
    allplayall = "allplayall"
    """Each competitor with each other one."""


class Scorer(Enum):
    """Who says how a game ended that two passes finished."""

    players = "players"
    """The engines, by `final_score`, as far as they are reliable scorers."""
    internal = "internal"
    """We: area, all stones alive."""


class Compensation(Enum):
    """What White gets for a handicap when we score: nothing, a point a stone, or one less."""

    no = "no"
    full = "full"
    short = "short"


class HandicapStyle(Enum):
    """Where handicap stones go (GTP 2, section 4.1)."""

    fixed = "fixed"
    free = "free"


class Late(Enum):
    """What becomes of a game whose engine exceeds a time limit or hangs; the engine is killed."""

    forfeit = "forfeit"
    """The engine loses it."""
    void = "void"
    """It does not count and is played again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """One way to play: an engine of its own process, or a network that plays in ours.

    Exactly one of `command` and `weights` is set.
    """

    code: str
    """Its name in the control file."""
    command: tuple[str, ...] = ()
    """Program and arguments; started without a shell."""
    weights: str = ""
    """A weight file, a run's folder, or "none" for the uniform network."""
    visits: int = 128
    """Of a network: simulations a move."""
    cwd: Path | None = None
    """Of an engine; None for our own working directory."""
    environ: Mapping[str, str] = field(default_factory=dict)
    """Added to our environment."""
    startup_gtp_commands: tuple[str, ...] = ()
    """Sent before each game; an error voids the game."""
    gtp_aliases: Mapping[str, str] = field(default_factory=dict)
    """What to send instead of a command of this name."""
    is_reliable_scorer: bool = True
    """Whether its `final_score` is asked for."""
    allow_claim: bool = False
    """Whether it may claim a win by `gomill-genmove_ex COLOR claim`."""
    discard_stderr: bool = False
    """Whether what it writes to stderr is not kept."""
    sgf_player_name_from_gtp: bool = True
    """Whether SGF files have the name that it gives itself, and not its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GameSettings:
    """How a game is played."""

    board_size: int
    komi: float
    handicap: int | None = None
    """Black's stones at the start; None for none, else at least 2."""
    handicap_style: HandicapStyle = HandicapStyle.fixed
    move_limit: int = 1000
    """A game of more moves is stopped; its result is unknown, "Void" in its SGF file."""
    scorer: Scorer = Scorer.players
    internal_scorer_handicap_compensation: Compensation = Compensation.full
    move_time_limit_s: float = 600.0
    """The longest wait for an engine's answer."""
    game_time_limit_s: float | None = None
    """The longest that a player's moves of a game may take together."""
    late: Late = Late.forfeit


@dataclass(frozen=True, slots=True, kw_only=True)
class Matchup:
    """Two players and how they meet."""

    id: str
    """Short; begins the names of its games. By default its place in the list, or "AvB"."""
    name: str
    """For reports; by default "PLAYER v PLAYER"."""
    player_1: str
    """Code; takes Black unless colours alternate."""
    player_2: str
    game: GameSettings
    alternating: bool = False
    """Whether player 2 takes Black in every second game."""
    number_of_games: int | None = None
    """None for no end."""
    openings: str = ""
    """Where the first moves of pairs of games come from: a folder of SGF files, or the code of a player with
    weights whose policy they are drawn from; empty for none."""
    opening_plies: int = 6
    """First moves of each opening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Competition:
    """All that a control file says."""

    kind: Kind
    players: Mapping[str, Player]
    """Those that take part, by their codes."""
    matchups: tuple[Matchup, ...]
    """Of an all-play-all: each pair of competitors, in the order A-B, A-C, ..., B-C."""
    competitors: tuple[str, ...] = ()
    """Of an all-play-all: codes in the order of the grid."""
    description: str = ""
    record_games: bool = True
    """Whether SGF files are written."""
    stderr_to_log: bool = True
    """Whether engines' stderr is kept beside the game's log and not passed on to ours."""
    skip_player_checks: bool = False
    """Whether engines are not tried out before the first game."""
    seed: int = 0
    """Of openings that are drawn."""
