"""Settings of the game: board and rules."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from alphazero.config import checks


class Ko(Enum):
    """The boards that a move may not repeat; under each rule a move must change the board."""

    positional = "positional"
    """Any earlier board of the game."""
    situational = "situational"
    """Any earlier board that the same player made by a move."""
    simple = "simple"
    """The board before the opponent's last move; longer cycles are legal."""


@dataclass(kw_only=True, slots=True)
class GameConfig:
    """Board and rules (docs/rules.md): area scoring, two passes end a game."""

    size: int = 9
    """Board side in points, 2 to 19."""
    komi: float = 7.0
    """Points added to White's area; a whole number makes draws possible."""
    komi_spread: float = 0.0
    """Standard deviation, in points, of the komi of self-play games around `komi`; whole points are added.
    Only for networks with komi among their inputs (net.family=katago). Gates and matches use `komi`."""
    ko: Ko = Ko.positional
    """Rule of repetition: positional superko, situational superko, or only the simple ko."""
    suicide: bool = False
    """Whether a move may leave its own chain without liberties, which is then removed."""
    move_limit: int = 0
    """Moves, including passes, after which a game ends and is scored; 0 means 2 * size * size."""

    def __post_init__(self) -> None:
        checks.require_range("game.size", self.size, 2, 19)
        checks.require(float(2 * self.komi).is_integer(), "game.komi", self.komi, "a multiple of 0.5")
        checks.require_range("game.komi", self.komi, -400, 400)
        checks.require_range("game.komi_spread", self.komi_spread, 0, 100)
        checks.require_at_least("game.move_limit", self.move_limit, 0)

    @property
    def rules(self) -> dict[str, Any]:
        """What decides a single game, by name, as plain values."""
        names = ("size", "komi", "suicide", "move_limit")
        return {name: getattr(self, name) for name in names} | {"ko": self.ko.value}

    @property
    def moves_at_most(self) -> int:
        """The move limit with its default resolved."""
        return self.move_limit or 2 * self.size * self.size
