"""Settings of a competition, from either kind of control file; names are gomill's if gomill has one.

The classes are msgspec's, so that `results.saved` can write and read them. Their values are checked only
when they are read from JSON; `control` checks those of control files.
"""

from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import msgspec


class CompetitionKind(Enum):
    """How players are paired."""

    playoff = "playoff"
    """As listed in the file."""
    allplayall = "allplayall"
    """Each competitor with every other one."""


class Scorer(Enum):
    """How a game is scored after two passes."""

    players = "players"
    """By `final_score` of those players that are reliable scorers."""
    internal = "internal"
    """By the referee: area, with all stones alive."""


class Compensation(Enum):
    """White's points for a handicap with the internal scorer: none, one per stone, or one less than that."""

    no = "no"
    full = "full"
    short = "short"


class HandicapStyle(Enum):
    """Placement of handicap stones (GTP 2, section 4.1)."""

    fixed = "fixed"
    free = "free"


class Late(Enum):
    """Outcome of a game in which an engine exceeds a time limit or hangs; the engine is killed."""

    forfeit = "forfeit"
    """The engine loses."""
    void = "void"
    """The game does not count and is played again."""


class PlayerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A player: an engine in a separate process, or a network in this process.

    Exactly one of `command` and `weights` is set.
    """

    code: str
    """Its name in the control file."""
    command: tuple[str, ...] = ()
    """Program and arguments of an engine; started without a shell."""
    weights: str = ""
    """A network, as in `weight_files.find`, or "none" for the uniform network."""
    visits: int = 128
    """Simulations per move of a network."""
    cwd: Path | None = None
    """Working directory of an engine; None for this process's."""
    environ: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Variables added to this process's environment for an engine."""
    startup_gtp_commands: tuple[str, ...] = ()
    """Sent before each game; an error voids the game."""
    gtp_aliases: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Name of a command -> the command to send instead."""
    is_reliable_scorer: bool = True
    """Whether its `final_score` is used."""
    allow_claim: bool = False
    """Whether it may claim a win by `gomill-genmove_ex COLOR claim`."""
    discard_stderr: bool = False
    """Whether its stderr is discarded."""
    sgf_player_name_from_gtp: bool = True
    """Whether SGF files have the name that it reports rather than its code."""


class GameSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of a single game."""

    board_size: int
    komi: float
    handicap: int | None = None
    """Number of Black's stones at the start, at least 2; None for an even game."""
    handicap_style: HandicapStyle = HandicapStyle.fixed
    move_limit: int = 1000
    """Ends an undecided game after this number of moves; its result is unknown, "Void" in its SGF file."""
    scorer: Scorer = Scorer.players
    internal_scorer_handicap_compensation: Compensation = Compensation.full
    move_time_limit_s: float = 600.0
    """The longest wait for an engine's answer."""
    game_time_limit_s: float | None = None
    """The longest total time of a player's moves in a game."""
    late: Late = Late.forfeit


class Matchup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two players and the settings of their games."""

    id: str
    """Short prefix of its games' ids. By default its place in the list, or "AvB"."""
    name: str
    """For reports; by default "PLAYER v PLAYER"."""
    player_1: str
    """Code of the player with Black, if colours do not alternate."""
    player_2: str
    game: GameSettings
    alternating: bool = False
    """Whether player 2 takes Black in every second game."""
    number_of_games: int | None = None
    """None for unlimited."""
    openings: str = ""
    """Source of the first moves of pairs of games; empty for none. A folder of SGF files, or the code of a
    player with weights, from whose policy they are drawn."""
    opening_plies: int = 6
    """Number of moves of each opening."""


class Competition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings of a control file."""

    kind: CompetitionKind
    players: Mapping[str, PlayerSettings]
    """The players that take part, by code."""
    matchups: tuple[Matchup, ...]
    """Of an all-play-all: each pair of competitors, in the order A-B, A-C, ..., B-C."""
    competitors: tuple[str, ...] = ()
    """Of an all-play-all: codes in the order of the grid."""
    description: str = ""
    record_games: bool = True
    """Whether SGF files are written."""
    stderr_to_log: bool = True
    """Whether engines' stderr is written beside the game's log instead of this process's stderr."""
    skip_player_checks: bool = False
    """Whether to skip the test start of each player before the first game."""
    seed: int = 0
    """Of drawn openings and of the order of a folder's openings."""

    @property
    def num_games(self) -> int | None:
        """Games of all matchups; None if unlimited."""
        sizes = [matchup.number_of_games for matchup in self.matchups]
        return None if None in sizes else sum(size or 0 for size in sizes)
