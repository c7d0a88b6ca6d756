"""Handles of a run's actors: the methods that other processes call, with the types of their replies.

At run time a handle is Ray's; the protocols here are for readers and type checkers. Ray itself types only
the calls of decorated methods, and those cannot be called without Ray, as tests do.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from actors import messages
from alphazero.report import status

if TYPE_CHECKING:
    import ray

    from alphazero.data import batch as batches
    from alphazero.evaluation import result as results
    from alphazero.net import weights as network_weights

Reply = TypeVar("Reply")


class RemoteMethod(Protocol[Reply]):
    """A method of an actor."""

    def remote(self, *arguments: Any) -> "ray.ObjectRef[Reply]":
        """Calls the method and returns a reference to its reply, without waiting for it."""
        ...

    def options(self, *, num_returns: int) -> "MultiReplyMethod":
        """The method with several replies, which come separately."""
        ...


class MultiReplyMethod(Protocol):
    """A method of an actor that returns a list whose elements are separate objects."""

    def remote(self, *arguments: Any) -> "list[ray.ObjectRef[Any]]":
        """Calls the method and returns a reference to each element of its list."""
        ...


class ServiceHandle(Protocol):
    """An actor that answers calls, one at a time."""

    __ray_ready__: RemoteMethod[bool]


class ReplayBufferHandle(ServiceHandle, Protocol):
    """A `replay_buffer.ReplayBuffer`."""

    add_games: RemoteMethod[messages.PushReply]
    state: RemoteMethod[messages.PushReply]
    request_shards: RemoteMethod[list[Any]]
    held_out_batches: RemoteMethod["list[batches.TrainingBatch]"]
    metrics: RemoteMethod[dict[str, float]]


class WeightStoreHandle(ServiceHandle, Protocol):
    """A `weight_store.WeightStore`."""

    publish: RemoteMethod[None]
    promote: RemoteMethod[None]
    versions: RemoteMethod[messages.StoredVersions]
    newest_candidate: RemoteMethod[messages.StoredNetwork | None]
    best: RemoteMethod[messages.StoredNetwork | None]


class ReporterHandle(ServiceHandle, Protocol):
    """A `reporter.ReporterActor`."""

    record: RemoteMethod[None]
    snapshot: RemoteMethod[status.Status]
    close: RemoteMethod[None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services of a run, which every actor with a loop may call."""

    replay_buffer: ReplayBufferHandle
    weight_store: WeightStoreHandle
    reporter: ReporterHandle


class LoopHandle(Protocol):
    """An actor with a loop, of which only the driver has a handle."""

    run: RemoteMethod[None]
    stop: RemoteMethod[None]


class LearnerHandle(LoopHandle, Protocol):
    """A `learner.LearnerActor`."""

    set_progress: RemoteMethod[None]
    publish_again: RemoteMethod[None]


class EvaluatorHandle(LoopHandle, Protocol):
    """An `evaluator.EvaluatorActor`."""

    finish: RemoteMethod[None]


class MirrorHandle(LoopHandle, Protocol):
    """A `mirror.MirrorActor`."""

    finish: RemoteMethod[None]


class RankHandle(Protocol):
    """A `learner_rank.LearnerRank`, which only the learner calls."""

    rendezvous: RemoteMethod[str]
    join: RemoteMethod[None]
    train: RemoteMethod[messages.TrainedSteps]
    evaluate: RemoteMethod[dict[str, float]]
    candidate: RemoteMethod["network_weights.Weights | None"]
    grow: RemoteMethod[None]
    state: RemoteMethod[dict[str, Any] | None]
    load_state: RemoteMethod[None]


class GatePlayerHandle(Protocol):
    """A `gate_player.GatePlayer`, which only the evaluator calls."""

    start_with: RemoteMethod[None]
    play: RemoteMethod["results.MatchResult | None"]
    stop: RemoteMethod[None]
