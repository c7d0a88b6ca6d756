"""What remains of a game: its line in the ledger, from which reports are made."""

import json
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any


class End(Enum):
    """How a game ended."""

    passes = "passes"
    """By two passes, then scored; the result is unknown where nobody could score it."""
    resign = "resign"
    claim = "claim"
    """Its winner claimed it, and was allowed to."""
    limit = "limit"
    """By the move limit; the result is unknown."""
    forfeit = "forfeit"
    """One side broke the rules of the game or of GTP, or was late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GameResult:
    """A game that counts."""

    game_id: str
    """"MATCHUP_NUMBER", such as "0_12" or "AvB_3"."""
    matchup_id: str
    number: int
    """Among the matchup's games, from 0, in the order in which they were started."""
    black: str
    """Code of the player."""
    white: str
    end: End
    winner: str | None
    """"b", "w", or None for a jigo and for an unknown result."""
    result: str
    """As its SGF file says it: "B+3.5", "W+R", "B+F", "W+T" (late), "B+", "0", "?", "Void" at the limit."""
    detail: str = ""
    """Why, for forfeits and unknown results."""
    num_moves: int
    moves_sha256: str
    """Of the moves alone, so that equal games can be told."""
    seconds: dict[str, float] = field(default_factory=dict)
    """By colour, what thinking took by the clock on the wall."""
    cpu_s: dict[str, float | None] = field(default_factory=dict)
    """By colour, CPU time as the engine says or its processes used; None where nobody knows."""
    scores: dict[str, str] = field(default_factory=dict)
    """By colour, answers to `final_score`."""
    opening: int | None = None
    """Which of the matchup's openings it began with, from 0."""

    @property
    def is_jigo(self) -> bool:
        """Whether nobody won, for certain."""
        return self.result == "0"

    @property
    def is_known(self) -> bool:
        """Whether the result is known."""
        return self.winner is not None or self.is_jigo

    def points(self, code: str) -> float:
        """Of this player: 1, 0.5 or 0; an unknown result gives nobody anything."""
        if self.is_jigo:
            return 0.5
        return float(self.winner is not None and {"b": self.black, "w": self.white}[self.winner] == code)

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self) | {"end": self.end.value}, allow_nan=False)


def parse(line: str) -> GameResult:
    """A record from its `line`; ValueError if it is none."""
    try:
        fields: dict[str, Any] = json.loads(line)
        fields["end"] = End(fields["end"])
        return GameResult(**fields)
    except (TypeError, KeyError, ValueError) as error:
        raise ValueError(f"no record of a game: {error}") from None
