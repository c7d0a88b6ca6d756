"""The record of a game: its line in the ledger, from which reports are made."""

import json
from enum import Enum

import msgspec


class End(Enum):
    """How a game ended."""

    passes = "passes"
    """By two passes, then scored; the result is unknown if no score was reported."""
    resign = "resign"
    claim = "claim"
    """By the winner's claim, which its settings allow."""
    limit = "limit"
    """By the move limit; the result is unknown."""
    forfeit = "forfeit"
    """One side broke the rules of the game or of GTP, or was late."""


class GameResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A game that counts."""

    game_id: str
    """"MATCHUP_NUMBER", such as "0_12" or "AvB_3"."""
    matchup_id: str
    number: int
    """Among the matchup's games, from 0, in the order of their start."""
    black: str
    """Code of the player."""
    white: str
    end: End
    winner: str | None
    """"b", "w", or None for a jigo and for an unknown result."""
    result: str
    """As in the SGF file: "B+3.5", "W+R", "B+F", "W+T" (late), "B+", "0", "?", "Void" (move limit)."""
    detail: str = ""
    """Reason of a forfeit or an unknown result."""
    num_moves: int
    moves_sha256: str
    """Hash of the moves alone, which identifies equal games."""
    seconds: dict[str, float] = msgspec.field(default_factory=dict)
    """By colour, wall-clock time of thinking."""
    cpu_s: dict[str, float | None] = msgspec.field(default_factory=dict)
    """By colour, CPU time, reported by the engine or measured for its processes; None if unknown."""
    scores: dict[str, str] = msgspec.field(default_factory=dict)
    """By colour, answers to `final_score`."""
    opening: int | None = None
    """Index of its opening among the matchup's, from 0."""

    @property
    def is_jigo(self) -> bool:
        """Whether the game was a draw."""
        return self.result == "0"

    @property
    def is_known(self) -> bool:
        """Whether the result is known."""
        return self.winner is not None or self.is_jigo

    def points(self, code: str) -> float:
        """This player's points: 1, 0.5 or 0; an unknown result gives both players 0."""
        if self.is_jigo:
            return 0.5
        return float(self.winner is not None and {"b": self.black, "w": self.white}[self.winner] == code)

    def line(self) -> str:
        """The record as one line of JSON."""
        return json.dumps(msgspec.to_builtins(self), allow_nan=False)


def parse(line: str) -> GameResult:
    """The record of a `line`; raises ValueError if the line is not a record."""
    try:
        return msgspec.convert(json.loads(line), GameResult)
    except ValueError as error:
        raise ValueError(f"not a game record: {error}") from None
