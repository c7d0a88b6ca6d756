"""Messages between the actors of a run, grouped by protocol. Games travel as `data.record.GameRecord`s."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import ray

    from alphazero.run_files import candidate as candidates

# Replay: between self-play, the replay buffer and the learner. `actors.replay_buffer` describes the protocol.


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
class BatchRequest:
    """The learner's request for the batches of its next steps."""

    samples: int
    """Samples of the whole run before these steps. They can fall, as a learner restarts from a checkpoint."""
    steps: int
    batch_size: int
    """Positions in a batch of one rank."""
    num_ranks: int


# Weights: between the weight store and the actors that publish networks or play with them.


class StoredNetwork(NamedTuple):
    """A network that the weight store holds."""

    version: int
    candidate: "ray.ObjectRef[candidates.Candidate]"  # its place in the object store


class StoredVersions(NamedTuple):
    """Versions of the networks that the weight store holds, -1 for none."""

    candidate: int
    best: int


# Training: between the driver, the learner and its ranks.


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """Progress of the run, which the driver sends the learner twice a second."""

    fraction: float
    """Progress towards the end of the run, in [0, 1]; the learning rate depends on it."""
    games: int
    """Games of the whole run, for the certificates of its candidates."""
    positions: int
    """Positions of the whole run, for the same certificates."""


class TrainedSteps(NamedTuple):
    """A rank's reply to the batches of some steps."""

    metrics: list[dict[str, float]]  # of each step
    samples: int  # of all ranks since the start of the run
