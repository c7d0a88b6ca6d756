"""Settings of the game: board and rules."""

import dataclasses
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


_FAIR_KOMI = {7: 9.0}
"""Results of perfect play other than 7. That of 5x5 is the whole board, which is no use as komi."""


@dataclass(kw_only=True, slots=True)
class GameConfig:
    """Board and rules (docs/rules.md): area scoring, two passes end a game."""

    size: int = 9
    """Board side in points, 2 to 19."""
    sizes: Any = None
    """Board sizes that self-play mixes, with their shares of the positions, such as {7: 1, 9: 8}; null for
    `size` alone, which must be one of them. Only for networks of every size (net.family=katago). Gates and
    the ladder play on `size`."""
    komi: float = 7.0
    """Points added to White's area; a whole number makes draws possible."""
    komis: Any = None
    """Komi on other boards of `sizes`, such as {7: 9}; where it is not given, 9 on 7x7 (the result of perfect
    play) and `komi` on all others."""
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
        self._check_sizes()
        checks.require_range("game.komi_spread", self.komi_spread, 0, 100)
        checks.require_at_least("game.move_limit", self.move_limit, 0)

    def _check_sizes(self) -> None:
        """Checks `sizes` and `komis`."""
        if self.sizes is not None:
            key, allowed = "game.sizes", "board sides from 2 to 19 with shares above 0, such as {7: 1, 9: 8}"
            is_right = _is_table(self.sizes) and all(
                2 <= size <= 19 and share > 0 for size, share in self.sizes.items()
            )
            checks.require(is_right, key, self.sizes, allowed)
            checks.require(self.size in self.sizes, key, self.sizes, f"sides with game.size={self.size}")
        if self.komis is not None:
            allowed = "komi by the sides of game.sizes other than game.size, such as {7: 9}"
            others = set(self.shares) - {self.size}
            checks.require(
                _is_table(self.komis) and others.issuperset(self.komis), "game.komis", self.komis, allowed
            )
            for komi in self.komis.values():
                checks.require(float(2 * komi).is_integer(), "game.komis", self.komis, "multiples of 0.5")
                checks.require_range("game.komis", komi, -400, 400)

    @property
    def shares(self) -> dict[int, float]:
        """Shares of the positions by board size, smallest board first; they add up to 1."""
        sizes = self.sizes or {self.size: 1.0}
        return {size: sizes[size] / sum(sizes.values()) for size in sorted(sizes)}

    def of_size(self, size: int) -> "GameConfig":
        """The settings for boards of one of the sizes, without the others."""
        if size == self.size:
            komi = self.komi
        else:
            komi = (self.komis or {}).get(size, _FAIR_KOMI.get(size, self.komi))
        return dataclasses.replace(self, size=size, komi=komi, sizes=None, komis=None)

    @property
    def rules(self) -> dict[str, Any]:
        """What decides a single game, by name, as plain values."""
        names = ("size", "komi", "suicide", "move_limit")
        return {name: getattr(self, name) for name in names} | {"ko": self.ko.value}

    @property
    def moves_at_most(self) -> int:
        """The move limit with its default resolved."""
        return self.move_limit or 2 * self.size * self.size


def _is_table(value: object) -> bool:
    """Whether the value has whole numbers as keys and numbers as values."""
    if not isinstance(value, dict) or not value:
        return False
    return all(type(key) is int and type(each) in (int, float) for key, each in value.items())
