"""Settings of the replay buffer."""

from dataclasses import dataclass

from alphazero.config import checks


@dataclass(kw_only=True, slots=True)
class ReplayConfig:
    """The replay window, which is rebuilt from the game log at a restart."""

    min_window: int = 20_000
    """Smallest window, in positions."""
    max_window: int = 250_000
    """Largest window, in positions."""
    max_gib: float = 8.0
    """Largest memory of the window in GiB; one holds 2.3 million positions of 9x9 or 556,000 of 19x19 (with
    KataGo's inputs 1.9 million or 491,000). The window is shorter than `max_window` if that does not
    suffice."""
    window_share: float = 0.5
    """Between the two bounds the window holds this fraction of all positions of the run."""
    outcome_weight: float = 0.75
    """Weight of the game's outcome in the value target; the rest is the search's root value."""
    score_weight: float = 0.15
    """Share of tanh(score / score_scale) in the outcome; the rest is win, draw or loss."""
    score_scale: float = 10.0
    """Final score in points whose share in the outcome is tanh(1)."""
    surprise_weight: float = 0.0
    """Fraction of a game's samples that is distributed in proportion to the search's change of the policy
    (policy surprise weighting; KataGo: 0.5)."""
    surprise_limit: float = 4.0
    """Largest frequency of a position, as a multiple of that with even sampling."""
    held_out_fraction: float = 0.02
    """Fraction of games, selected by their names, that are never trained on and used to measure training."""

    def __post_init__(self) -> None:
        checks.require_at_least("replay.min_window", self.min_window, 1)
        checks.require_at_least("replay.max_window", self.max_window, self.min_window)
        checks.require_at_least("replay.max_gib", self.max_gib, 0.001)
        checks.require_range("replay.window_share", self.window_share, 0, 1)
        checks.require_range("replay.outcome_weight", self.outcome_weight, 0, 1)
        checks.require_range("replay.score_weight", self.score_weight, 0, 1)
        checks.require_positive("replay.score_scale", self.score_scale)
        checks.require_range("replay.surprise_weight", self.surprise_weight, 0, 1)
        checks.require_range("replay.surprise_limit", self.surprise_limit, 1, 100)
        checks.require_range("replay.held_out_fraction", self.held_out_fraction, 0, 0.5)
