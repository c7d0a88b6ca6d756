"""One process of a data-parallel learner."""

import socket
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray

from actors import messages
from alphazero.config import schema
from alphazero.data import batch as batches

if TYPE_CHECKING:
    from alphazero.net import weights as network_weights
    from alphazero.training import learner


class LearnerRank:
    """One rank of a data-parallel learner, which trains on its share of each batch.

    If it is killed, the learner ends all ranks and starts a new group from the last checkpoint; the steps
    since then are lost.
    """

    def __init__(self, config: schema.Config) -> None:
        self._config = config
        self._learner: learner.Learner  # made by `join`
        self._is_first = False

    def rendezvous(self, is_local: bool) -> str:
        """The address at which all ranks meet; called on rank 0 only.

        A new file of this user if all ranks are on this node, else a free address of the node.
        """
        if is_local:
            return (Path(tempfile.mkdtemp(prefix="alphazero-ranks-")) / "rendezvous").as_uri()
        host = ray.util.get_node_ip_address()
        with socket.socket() as probe:
            probe.bind((host, 0))
            return f"tcp://{host}:{probe.getsockname()[1]}"

    def join(self, address: str, number: int) -> None:
        """Waits for the other ranks and makes the network; RuntimeError if they do not come."""
        from alphazero.net import hardware
        from alphazero.training import data_parallel, learner

        training = self._config.training
        device = hardware.pick_device(training.device)
        place = data_parallel.join(address, number, training.num_ranks, device, training.timeout_s)
        self._learner = learner.Learner(self._config, place)
        self._is_first = number == 0

    def train(self, drawn: Sequence[batches.TrainingBatch], progress: float) -> messages.TrainedSteps:
        """`Learner.train`."""
        metrics = self._learner.train(drawn, progress)
        return messages.TrainedSteps(metrics, self._learner.samples)

    def evaluate(self, drawn: Sequence[batches.TrainingBatch]) -> dict[str, float]:
        """`Learner.evaluate`."""
        return self._learner.evaluate(drawn)

    def candidate(self) -> "network_weights.Weights | None":
        """`Learner.candidate` of the first rank, None of the other ranks, which have the same."""
        found = self._learner.candidate()
        return found if self._is_first else None

    def grow(self, stage: str) -> None:
        """`Learner.grow`."""
        self._learner.grow(stage)

    def state(self) -> dict[str, Any] | None:
        """`Learner.state` of the first rank, None of the other ranks, which have the same."""
        if self._is_first:
            return self._learner.state()
        self._learner.synchronize()
        return None

    def load_state(self, state: dict[str, Any]) -> None:
        """`Learner.load_state`."""
        self._learner.load_state(state)
