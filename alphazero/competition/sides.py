"""What the referee plays with: two sides, whatever they are made of, and the ways in which they fail."""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from alphazero.competition import guard, settings
from alphazero.evaluation import engine_process
from alphazero.go import rules

STARTUP_CHECK = "startup-check"
"""Game id of a side that is only tried out."""


class SideFailed(Exception):
    """A side does not go on; the text says what it did, without its name."""


class Broken(SideFailed):
    """It could not be started, died or broke the protocol: such a game does not count."""


class TooLate(SideFailed):
    """It has exceeded a time limit and is gone."""


class Forfeit(SideFailed):
    """It has failed to move, or will not take a move of its opponent: it loses."""


class Rejection(SideFailed):
    """It says that its opponent's move is illegal: the opponent loses."""


class Word(Enum):
    """What may be said instead of a move."""

    resign = "resign"
    claim = "claim"
    """"I have won.\""""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a side does when it is its turn."""

    move: int | Word
    """An action, not checked for anything but its range, or a word."""
    comment: str = ""
    """What it says about that, for the SGF file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A place at a game, with all that a side is told beforehand."""

    game_id: str
    color: int
    game: settings.GameSettings
    slot: int | None = None
    """Tells games apart that are played at once; None where they are not."""
    log: Callable[[str], object] = lambda line: None
    """Is told what passes between us and the side."""
    stderr: engine_process.Stderr = subprocess.PIPE
    """What becomes of an engine's stderr."""
    keeper: guard.Guard | None = None
    """Ends engines that we leave behind."""

    @property
    def letter(self) -> str:
        """ "b" or "w"."""
        return rules.COLOR_NAMES[self.color][0]


class Side(Protocol):
    """One player of one game.

    It is made, `start`ed, told of stones and moves, asked for moves, and `close`d; `abort` may come
    from another thread at any time. All but `final_score`, `abort` and `close` may raise SideFailed.
    """

    @property
    def code(self) -> str:
        """The player's, for messages."""
        ...

    @property
    def name(self) -> str:
        """For SGF files; known after `start`."""
        ...

    @property
    def description(self) -> str:
        """For reports: one line or more; known after `start`."""
        ...

    @property
    def seconds(self) -> float:
        """What its `genmove` took so far, by the clock on the wall."""
        ...

    @property
    def cpu_s(self) -> float | None:
        """CPU time of the whole game; known after `close`, None where nobody knows."""
        ...

    def start(self) -> None:
        """Makes ready for the game of its seat, with an empty board."""
        ...

    def place_fixed(self, points: Sequence[int]) -> None:
        """Black's handicap stones are on these points, those of GTP for their number."""
        ...

    def place_free(self, count: int) -> list[int]:
        """Chooses the points of `count` handicap stones, or of fewer, as Black."""
        ...

    def set_free(self, points: Sequence[int]) -> None:
        """Black has chosen these points."""
        ...

    def play(self, color: int, action: int) -> None:
        """This move was made."""
        ...

    def genmove(self) -> Reply:
        """Chooses its next move; that is played for it when it is legal."""
        ...

    def final_score(self) -> str | None:
        """How it thinks the game ended: "B+3.5", "0"; None when it cannot or shall not say."""
        ...

    def abort(self) -> None:
        """Lets whatever the side is doing fail soon; from any thread."""
        ...

    def close(self) -> None:
        """Ends it; harmless when repeated."""
        ...


MakeSide = Callable[[settings.Player, Seat], Side]
