"""Requests for batches, which the learner sends one ahead of its training.

They are the learner's side of the protocol in `actors.replay_buffer`.
"""

from typing import TYPE_CHECKING, NamedTuple

from actors import handles, messages
from alphazero.config import training as training_config
from alphazero.data import batch as batches

if TYPE_CHECKING:
    import ray

_REQUEST_S = 1.0
"""Training time of a request: short enough to notice `stop`, long enough to hide the request."""
_MOST_STEPS = 64


class PendingBatches(NamedTuple):
    """The reply to a `messages.BatchRequest`, whose parts may not have arrived yet."""

    steps: int  # of the request
    is_granted: "ray.ObjectRef[bool]"  # False: there are no batches, and the learner must ask again
    shards: "list[ray.ObjectRef[list[batches.TrainingBatch]]]"  # for each rank its batches, one for each step


def send(replay_buffer: handles.ReplayBufferHandle, request: messages.BatchRequest) -> PendingBatches:
    """Sends a request and does not wait for the reply.

    The parts of the reply are separate objects, so that each rank fetches its own batches.
    """
    method = replay_buffer.request_shards.options(num_returns=1 + request.num_ranks)
    is_granted, *shards = method.remote(request)
    return PendingBatches(request.steps, is_granted, shards)


def num_steps(config: training_config.TrainingConfig, first: int, step_s: float) -> int:
    """Steps of the next request, which lasts for about a second and ends before anything is due.

    first: number of steps before it. step_s: measured duration of a step. A publication and a checkpoint are
    due after a multiple of steps.
    """
    left = [every - first % every for every in (config.publish_steps, config.checkpoint_steps)]
    return min(*left, _MOST_STEPS, max(1, round(_REQUEST_S / step_s)))
