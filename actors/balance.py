"""How many players the learner can feed, from what both sides of a run are seen to do."""

from alphazero.config import training as training_config
from alphazero.report import status as run_status
from alphazero.report import throughput

_FORGETTING = 0.999
"""For each look: what was measured of players in the early games, which are cheap, fades in minutes."""


class BalanceMeter:
    """Takes the run's status every half second."""

    def __init__(self, config: training_config.TrainingConfig) -> None:
        self._config = config
        self._player_rate = 0.0  # positions/s of a player that does not pause
        self.newest: throughput.Balance | None = None
        """None before both sides were seen to work."""

    def take(self, now: run_status.Status) -> None:
        """The status of the run as it is now."""
        if min(now.actors, now.positions_per_s, now.samples_per_s) <= 0:
            return
        # Players that pause for the learner would seem slower than they are.
        self._player_rate = max(now.positions_per_s / now.actors, _FORGETTING * self._player_rate)
        self.newest = throughput.players_fed(
            now.actors,
            player_positions_per_s=self._player_rate,
            samples_per_s=now.samples_per_s,
            replay_ratio=self._config.replay_ratio,
            max_lead_positions=self._config.max_lead_positions,
        )

    @property
    def capacity(self) -> float | None:
        """Players that the learner can feed."""
        return None if self.newest is None else self.newest.capacity

    @property
    def text(self) -> str:
        """Which side is slower, in a sentence; empty while nobody knows."""
        return "" if self.newest is None else self.newest.text()
