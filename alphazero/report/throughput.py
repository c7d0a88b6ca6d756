"""Balance between self-play and the learner: how many players a learner feeds, and the slower side.

The replay ratio couples the two (docs/adr/0010). `data.store.ReplayStore` grants the learner at most
`training.replay_ratio` samples for each position, so the learner waits when it is the faster side. Self-play
pauses when `training.max_lead_positions` positions have no samples yet, so it waits when it is the faster
side. In the long run a learner therefore uses its samples/s over the replay ratio in positions/s, and the
slower side sets the pace of both.
"""

import enum
import math
from dataclasses import dataclass

_MANY = 10
_ROUNDING = 1e-9
"""Tolerance for rounding errors in a number of players."""


class Bottleneck(enum.Enum):
    """The side that sets the pace."""

    learner = "learner"
    """Self-play pauses for it."""
    self_play = "self-play"
    """The learner waits for its games."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """Long-run balance of a number of players and one learner."""

    players: int
    """Number of self-play actors."""
    capacity: float
    """Number of players without pauses whose positions the learner can train on."""
    positions_per_s: float
    """Speed of the run, which the slower side limits."""

    @property
    def fed(self) -> int:
        """Number of whole players that never have to pause, at most `players`."""
        return min(self.players, math.floor(self.capacity + _ROUNDING))

    @property
    def bottleneck(self) -> Bottleneck:
        """The side that sets the pace; self-play if both are equally fast."""
        is_slower = self.capacity + _ROUNDING < self.players
        return Bottleneck.learner if is_slower else Bottleneck.self_play

    @property
    def self_play_fraction(self) -> float:
        """Fraction of the time in which players play, in [0, 1]."""
        return min(1.0, self.capacity / self.players)

    @property
    def learner_fraction(self) -> float:
        """Fraction of the time in which the learner trains, in [0, 1]."""
        return min(1.0, self.players / self.capacity)

    def text(self) -> str:
        """One line that names the slower side and the idle time of the other one."""
        if self.bottleneck is Bottleneck.learner:
            fed = str(self.fed) if self.fed else "less than one"
            idle = 1 - self.self_play_fraction
            return (
                f"the learner feeds {fed} of {_count(self.players)}: self-play pauses {idle:.0%} of the time"
            )
        idle = 1 - self.learner_fraction
        # A small number keeps a decimal: a learner that could feed 1.7 players cannot feed two.
        could = f"{self.capacity:,.0f}" if self.capacity >= _MANY else f"{self.capacity:.1f}"
        return (
            f"the learner waits for games {idle:.0%} of the time: it could feed {could} players "
            f"and has {self.players:,}"
        )


def players_fed(
    players: int,
    *,
    player_positions_per_s: float,
    samples_per_s: float,
    replay_ratio: float,
) -> Balance:
    """The balance of `players` equal players with one learner.

    player_positions_per_s: positions with a training target, of one player that never pauses.
    samples_per_s: of a learner that never waits, all its ranks together. All must be above 0: a speed of 0
    means that it was not measured yet.
    """
    assert min(players, player_positions_per_s, samples_per_s, replay_ratio) > 0
    used = samples_per_s / replay_ratio
    played = players * player_positions_per_s
    return Balance(
        players=players,
        capacity=used / player_positions_per_s,
        positions_per_s=min(played, used),
    )


def _count(players: int) -> str:
    return f"{players:,} player{'s' * (players != 1)}"
