"""Settings of the gate that promotes networks."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class GateKind(Enum):
    """How a candidate becomes the best network."""

    winrate = "winrate"
    """By its score in a match of fixed length against the best network."""
    none = "none"
    """At once, without a match."""


@dataclass(kw_only=True, slots=True)
class GateConfig:
    """A match in pairs: each opening is played twice with colours swapped."""

    kind: GateKind = GateKind.winrate
    every_steps: int = 500
    """Learner's steps between two candidates that are judged; the others only play."""
    num_games: int = 40
    """Games of a match; even, because games come in pairs."""
    num_simulations: int = 32
    """Simulations for each move, both sides; with search=none both draw from their policies instead."""
    threshold: float = 0.5
    """Share of the points (draws half) that the candidate must reach."""
    opening_plies: int = 6
    """First plies of each pair, drawn from the best network's policy."""

    def __post_init__(self) -> None:
        checks.require_at_least("gate.every_steps", self.every_steps, 1)
        checks.require_at_least("gate.num_games", self.num_games, 2)
        checks.require(self.num_games % 2 == 0, "gate.num_games", self.num_games, "even")
        checks.require_at_least("gate.num_simulations", self.num_simulations, 1)
        checks.require_range("gate.threshold", self.threshold, 0, 1)
        checks.require_at_least("gate.opening_plies", self.opening_plies, 0)
