"""Settings of the gate that promotes networks."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class GateKind(Enum):
    """How a candidate becomes the best network."""

    sprt = "sprt"
    """By a sequential test on pairs of games against the best network, which ends early if it is sure."""
    winrate = "winrate"
    """By its score in a match of fixed length against the best network."""
    none = "none"
    """At once, without a match."""


@dataclass(kw_only=True, slots=True)
class GateConfig:
    """A match in pairs: each opening is played twice with the colours swapped.

    Games count in the order of their starts. The test of sprt (`evaluation/sprt.py`) distinguishes a
    candidate that is better by `elo1` from one that is better by `elo0`.
    """

    kind: GateKind = GateKind.sprt
    every_steps: int = 500
    """Learner's steps between two candidates of the gate; the candidates between them only play."""
    num_games: int = 240
    """Games of a match; even, as they come in pairs. With sprt the limit, at which the likelier hypothesis
    wins."""
    min_games: int = 20
    """sprt: no decision before this many games; even."""
    elo0: float = -20.0
    """sprt: Elo difference that is not enough."""
    elo1: float = 20.0
    """sprt: Elo difference that is enough."""
    alpha: float = 0.05
    """sprt: probability of promoting a candidate whose difference is elo0, if `num_games` were unlimited."""
    beta: float = 0.05
    """sprt: probability of refusing a candidate whose difference is elo1, if `num_games` were unlimited."""
    cpu_share: float = 0.05
    """Largest share of the CPU time of the evaluator's node that gates take: after a match that took more,
    the evaluator pauses. Games that a GPU plays elsewhere do not count. With cluster=local there is no
    pause."""
    num_simulations: int = 32
    """Simulations per move of both sides; with search=none both sample from their policies instead."""
    threshold: float = 0.5
    """winrate: fraction of the points that the candidate must reach; a draw is half a point."""
    opening_plies: int = 6
    """First plies of each pair, drawn from the best network's policy."""
    keep_refused: int = 50
    """Number of the newest refused candidates whose weight files are kept."""

    def __post_init__(self) -> None:
        checks.require_at_least("gate.every_steps", self.every_steps, 1)
        checks.require_at_least("gate.num_games", self.num_games, 2)
        checks.require(self.num_games % 2 == 0, "gate.num_games", self.num_games, "even")
        checks.require_at_least("gate.num_simulations", self.num_simulations, 1)
        checks.require_range("gate.threshold", self.threshold, 0, 1)
        checks.require_at_least("gate.min_games", self.min_games, 2)
        checks.require(self.min_games % 2 == 0, "gate.min_games", self.min_games, "even")
        checks.require_range("gate.elo0", self.elo0, -800, 800)
        checks.require_range("gate.elo1", self.elo1, -800, 800)
        checks.require(
            self.elo1 > self.elo0, "gate.elo1", self.elo1, f"greater than gate.elo0, {self.elo0:g}"
        )
        checks.require_range("gate.alpha", self.alpha, 0.0001, 0.49)
        checks.require_range("gate.beta", self.beta, 0.0001, 0.49)
        checks.require(0 < self.cpu_share <= 1, "gate.cpu_share", self.cpu_share, "above 0 and at most 1")
        checks.require_at_least("gate.keep_refused", self.keep_refused, 0)
        checks.require_at_least("gate.opening_plies", self.opening_plies, 0)
