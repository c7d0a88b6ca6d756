"""The number of self-play actors that the learner can use, from the measured rates of both sides."""

from alphazero.config import training as training_config
from alphazero.report import status, throughput

_DECAY = 0.999
"""Decay per status: the high rates of the early games, which are cheap, fade within minutes."""


class BalanceMeter:
    """Estimates the balance of self-play and learner from the run's status, every half second."""

    def __init__(self, config: training_config.TrainingConfig) -> None:
        self._config = config
        self._actor_rate = 0.0  # positions/s of a self-play actor that does not pause
        self._balance: throughput.Balance | None = None
        """None before both sides have a measured rate."""

    def update(self, now: status.Status) -> None:
        """Takes the current status of the run."""
        if min(now.actors, now.positions_per_s, now.samples_per_s) <= 0:
            return
        # The maximum, because actors that pause for the learner seem slower than they are.
        self._actor_rate = max(now.positions_per_s / now.actors, _DECAY * self._actor_rate)
        self._balance = throughput.players_fed(
            now.actors,
            player_positions_per_s=self._actor_rate,
            samples_per_s=now.samples_per_s,
            replay_ratio=self._config.replay_ratio,
        )

    @property
    def capacity(self) -> float | None:
        """Self-play actors that the learner can use, None before it is known."""
        return None if self._balance is None else self._balance.capacity

    @property
    def text(self) -> str:
        """A sentence that names the slower side; empty before it is known."""
        return "" if self._balance is None else self._balance.text()
