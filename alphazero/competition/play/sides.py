"""Interface between the referee and the two sides of a game, with the failures of a side."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from alphazero.competition.control_files import settings
from alphazero.competition.play import watchdog
from alphazero.engine_client import engine_process
from alphazero.go import rules

STARTUP_CHECK = "startup-check"
"""Game id of the test start of a player."""


class SideFailed(Exception):
    """A side cannot continue; the text is the reason, without the side's name."""


class Broken(SideFailed):
    """The side could not be started, died or broke the protocol; the game is void."""


class TooLate(SideFailed):
    """The side exceeded a time limit and was killed."""


class Forfeit(SideFailed):
    """The side failed to move, or refused its opponent's move without calling it illegal; it loses."""


class Rejection(SideFailed):
    """The side rejected its opponent's move as illegal; the opponent loses."""


class Word(Enum):
    """Answers to genmove other than a move."""

    resign = "resign"
    claim = "claim"
    """The side claims to have won."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A side's answer to genmove."""

    move: int | Word
    """An action, of which only the range is checked, or a word."""
    comment: str = ""
    """The side's comment on the move, for the SGF file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SideContext:
    """A side's game and environment, fixed before its start."""

    game_id: str
    color: int
    game: settings.GameSettings
    slot: int | None = None
    """Number of the job that plays the game, which distinguishes simultaneous games; None with one job."""
    log: Callable[[str], object] = lambda line: None
    """Receives the GTP lines sent and received."""
    stderr: engine_process.Stderr = subprocess.PIPE
    """Destination of an engine's stderr."""
    registry: watchdog.Watchdog | None = None
    """Kills engines that outlive this process."""

    @property
    def letter(self) -> str:
        """ "b" or "w"."""
        return rules.COLOR_NAMES[self.color][0]


class Side(Protocol):
    """One player of one game.

    Calls come in this order: `start`, handicap stones, moves, `final_score`, `close`. Another thread may call
    `abort` at any time. All methods except `final_score`, `abort` and `close` may raise SideFailed.
    """

    @property
    def code(self) -> str:
        """The player's code, for messages."""
        ...

    @property
    def name(self) -> str:
        """Name for SGF files; known after `start`."""
        ...

    @property
    def description(self) -> str:
        """Description for reports, one line or more; known after `start`."""
        ...

    @property
    def seconds(self) -> float:
        """Wall-clock time of its `genmove` calls so far."""
        ...

    @property
    def cpu_s(self) -> float | None:
        """CPU time of the whole game; available after `close`, None if unknown."""
        ...

    def start(self) -> None:
        """Prepares for the game of its context, with an empty board."""
        ...

    def place_fixed(self, points: Sequence[int]) -> None:
        """Places Black's handicap stones on these points, GTP's fixed ones for their number."""
        ...

    def place_free(self, count: int) -> list[int]:
        """Chooses the points of at most `count` handicap stones, as Black."""
        ...

    def set_free(self, points: Sequence[int]) -> None:
        """Places the handicap stones that Black has chosen."""
        ...

    def play(self, color: int, action: int) -> None:
        """Plays a move that was made."""
        ...

    def genmove(self) -> Reply:
        """Chooses the next move and plays it on the side's own board."""
        ...

    def final_score(self) -> str | None:
        """The side's score of the final position: "B+3.5", "0"; None if it has none or is not a scorer."""
        ...

    def abort(self) -> None:
        """Makes the side's current and later calls fail soon; may be called from any thread."""
        ...

    def close(self) -> None:
        """Ends the side; further calls have no effect."""
        ...


MakeSide = Callable[[settings.PlayerSettings, SideContext], Side]
