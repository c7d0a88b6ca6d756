"""What a comparison is asked for, and what it compares in the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from alphazero.config import game as game_config
from alphazero.net import weights as network_weights

NAMES = ("a", "b")
"""Names of both sides, also of their folders."""

Say = Callable[[str], None]
"""Receives lines of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonSettings:
    """A comparison of two sides' settings on one run."""

    source: Path
    """Folder of the run."""
    words: tuple[tuple[str, ...], tuple[str, ...]]
    """Settings of both sides, which the run does not have."""
    minutes: float
    """Time of each side."""
    num_slices: int = 2
    """Number of turns of each side."""
    pairs: int = 200
    """Pairs of games in the match."""
    simulations: int = 128
    """Simulations per move in the match."""
    opening_plies: int = 6
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One side at the end."""

    words: tuple[str, ...]
    weights: network_weights.Weights
    game: game_config.GameConfig
    facts: dict[str, Any] = field(default_factory=dict)
    """Counts and metrics for the report."""

    @property
    def name(self) -> str:
        """Its settings as the user gave them."""
        return " ".join(self.words) or "the run's settings"


class Contenders(NamedTuple):
    """Both sides at the end."""

    a: Contender
    b: Contender
