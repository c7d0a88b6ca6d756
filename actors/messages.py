"""What travels between actors; games travel as `data.record.GameRecord`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReply:
    """The replay buffer's answer to finished games."""

    total_games: int
    """Games of the whole run, these included."""
    should_wait: bool
    """Whether self-play is too far ahead of the learner and should pause."""
    trouble: str = ""
    """Why the games could not be written; they do not count and are to be sent again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the driver tells the learner once a second."""

    fraction: float
    """How far the run has come, in [0, 1]; the learning rate follows it."""
    games: int
    """Games of the whole run, for the certificates of its candidates."""
    positions: int
    """Positions of the whole run, likewise."""
