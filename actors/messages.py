"""Messages between actors, except games, which are sent as `data.record.GameRecord`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReply:
    """The replay buffer's reply to finished games."""

    total_games: int
    """Games of the whole run, these included."""
    should_wait: bool
    """Whether self-play is too far ahead of the learner and should pause."""
    trouble: str = ""
    """Why the games could not be written; such games do not count and must be sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """Progress of the run, which the driver sends the learner once a second."""

    fraction: float
    """Progress towards the end of the run, in [0, 1]; the learning rate depends on it."""
    games: int
    """Games of the whole run, for the certificates of its candidates."""
    positions: int
    """Positions of the whole run, for the same certificates."""
