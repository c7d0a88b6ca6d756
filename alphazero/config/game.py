"""The rules and the board that a run plays."""

from dataclasses import dataclass

from alphazero.config import checks


@dataclass(kw_only=True, slots=True)
class GameConfig:
    """Board and rules (docs/rules.md): area scoring, positional superko."""

    size: int = 9
    """Board side in points, 2 to 19."""
    komi: float = 7.0
    """Points added to White's area; a whole number makes draws possible."""
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
