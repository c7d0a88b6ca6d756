"""The rules and the board that a run plays."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class Ko(Enum):
    """What a move may not bring back; under each rule it must change the board."""

    positional = "positional"
    """Any earlier board of the game."""
    situational = "situational"
    """Any earlier board that the same player had moved to."""
    simple = "simple"
    """The board before the opponent's last move; longer cycles are legal."""


@dataclass(kw_only=True, slots=True)
class GameConfig:
    """Board and rules (docs/rules.md): area scoring, two passes end a game."""

    size: int = 9
    """Board side in points, 2 to 19."""
    komi: float = 7.0
    """Points added to White's area; a whole number makes draws possible."""
    ko: Ko = Ko.positional
    """What may not be repeated: positional or situational superko, or the simple ko alone."""
    suicide: bool = False
    """Whether a chain without liberties may remove itself."""
    move_limit: int = 0
    """Moves, passes included, after which a game is scored as it stands; 0 means 2 * size * size."""

    def __post_init__(self) -> None:
        checks.require_range("game.size", self.size, 2, 19)
        checks.require(float(2 * self.komi).is_integer(), "game.komi", self.komi, "a multiple of 0.5")
        checks.require_range("game.komi", self.komi, -400, 400)
        checks.require_at_least("game.move_limit", self.move_limit, 0)

    @property
    def moves_at_most(self) -> int:
        """The move limit with its default resolved."""
        return self.move_limit or 2 * self.size * self.size
