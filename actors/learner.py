"""The learner as an actor."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import ray

from actors import batch_requests, handles, messages, rank_group, telemetry, worker_setup
from actors import plan as plans
from alphazero import cpu_meter
from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import rows as data_rows
from alphazero.run_files import candidate as candidates
from alphazero.run_files import run_folder
from alphazero.training import checkpoint, trainer

if TYPE_CHECKING:
    from alphazero.training import learner

_logger = logging.getLogger(__name__)
_PAUSE_S = 0.2
_LAST_PUBLISH_S = 20.0
_FIRST_STEP_S = 1.0
"""Assumed duration of the first step."""


class LearnerActor:
    """Trains on batches from the replay buffer, publishes candidates and writes checkpoints.

    With one rank the learner lives in this process. With several it drives a group of `LearnerRank`s, which
    it restarts from the last checkpoint if one of them dies. Consumes batches, produces candidates. Waits
    for the replay buffer while the replay ratio allows no more samples, freed by new games. If it is
    killed, the steps since the last checkpoint are lost; the driver restarts it after a second, and after
    about ten it continues from the checkpoint.
    """

    def __init__(
        self, config: schema.Config, services: handles.Services, ranks: Sequence[plans.Placement]
    ) -> None:
        """ranks: places of the ranks, empty if this process is the only one."""
        self._config = config if ranks else worker_setup.for_own_devices(config)
        self._ranks = ranks
        self._services = services
        self._stopping = threading.Event()
        self._is_asked_to_publish = threading.Event()
        self._progress = messages.RunProgress(fraction=0, games=0, positions=0)
        self._meter = cpu_meter.CpuMeter()
        self._telemetry = telemetry.Telemetry(services.reporter, "learner", meter=self._meter)
        self._step_s = _FIRST_STEP_S
        self._waited_s, self._reported = 0.0, time.monotonic()

    def run(self) -> None:
        """Trains until `stop`, then saves."""
        # Here and not in __init__, so that a failure of the cluster leads to a restart.
        self._learner = _make_learner(self._config, self._ranks)
        folder = run_folder.RunFolder(self._config.run.dir)
        self._trainer = trainer.Trainer(
            self._learner,
            checkpoint.of_run(folder.checkpoints, self._config.training),
            self._config.training,
        )
        # The untrained network is the best one until the first promotion, even after a restart.
        self._untrained = self._candidate()
        self._restore()
        self._publish_both()
        pending = self._request(0)
        while not self._stopping.is_set():
            if self._is_asked_to_publish.is_set():
                self._is_asked_to_publish.clear()
                self._publish_both()
            is_granted = ray.get(pending.is_granted)
            shards = pending.shards
            pending = self._request(pending.steps if is_granted else 0)
            if not is_granted:
                self._telemetry.report(lambda: {"waiting_for": "games"})
                self._stopping.wait(_PAUSE_S)
                self._waited_s += _PAUSE_S
                continue
            try:
                self._train(shards)
            except rank_group.RanksLost:
                self._restore()
        self._trainer.save()
        self._publish_last()
        if isinstance(self._learner, rank_group.RankGroup):
            self._learner.stop()

    def stop(self) -> None:
        """Makes `run` save and return after the current steps."""
        self._stopping.set()

    def set_progress(self, progress: messages.RunProgress) -> None:
        """Takes the progress of the whole run from the driver."""
        self._progress = progress

    def publish_again(self) -> None:
        """Makes `run` publish the newest network again, because the weight store has lost it."""
        self._is_asked_to_publish.set()

    def _restore(self) -> None:
        if self._trainer.restore():
            _logger.info("the learner goes on from step %d", self._learner.step)

    def _request(self, under_way: int) -> batch_requests.PendingBatches:
        """Requests the batches of the next steps. under_way: steps that were granted but not trained yet."""
        training = self._config.training
        request = messages.BatchRequest(
            samples=self._learner.samples + under_way * training.batch_size,
            steps=batch_requests.num_steps(training, self._learner.step + under_way, self._step_s),
            batch_size=training.batch_size // training.num_ranks,
            num_ranks=training.num_ranks,
        )
        return batch_requests.send(self._services.replay_buffer, request)

    def _train(self, shards: "Sequence[ray.ObjectRef[list[batches.TrainingBatch]]]") -> None:
        """Trains on the batches of each rank; reports, publishes and saves if it is due."""
        training = self._config.training
        began, before, rollbacks = time.monotonic(), self._learner.step, self._trainer.rollbacks
        drawn = shards if self._ranks else ray.get(shards[0])
        with self._meter.of("steps"):
            taken = self._trainer.train(drawn, self._progress.fraction)
        if self._trainer.rollbacks > rollbacks:
            return
        self._step_s = (time.monotonic() - began) / len(taken)
        self._trainer.grow_if_due(self._config.net, self._progress.positions)
        step = self._learner.step
        speed = {"samples_per_s": training.batch_size / self._step_s, "rollbacks": rollbacks, "step": step}
        self._telemetry.report(
            lambda: {**taken[-1], **speed, "waited_fraction": self._waited_fraction()}, step
        )
        if step // training.publish_steps > before // training.publish_steps:
            self._publish()
            self._measure()
        if step // training.checkpoint_steps > before // training.checkpoint_steps:
            self._trainer.save()

    def _waited_fraction(self) -> float:
        """Fraction of the time since the last report in which there were no batches."""
        now = time.monotonic()
        share = min(1.0, self._waited_s / (now - self._reported))
        self._waited_s, self._reported = 0.0, now
        return share

    def _publish_both(self) -> None:
        """Sends the weight store the untrained and the newest network; it ignores one that is not newer."""
        self._services.weight_store.promote.remote(self._untrained)
        self._publish()

    def _publish_last(self) -> None:
        """Publishes the last network for the last gate, and returns when the weight store has it."""
        try:
            published = self._services.weight_store.publish.remote(self._candidate())
        except rank_group.RanksLost:
            return
        ray.wait([published], timeout=_LAST_PUBLISH_S)

    def _publish(self) -> None:
        self._services.weight_store.publish.remote(self._candidate())

    def _measure(self) -> None:
        """Records the newest candidate's metrics on held-out games."""
        training = self._config.training
        buffer = self._services.replay_buffer
        drawn = ray.get(buffer.held_out_batches.remote(training.held_out_batches, training.batch_size))
        for name, part in data_rows.by_size(drawn, "held_out").items():
            metrics = self._learner.evaluate(part)
            self._services.reporter.record.remote(name, metrics, self._learner.step)

    def _candidate(self) -> candidates.Candidate:
        return candidates.Candidate(
            version=self._learner.step,
            weights=self._learner.candidate(),
            games=self._progress.games,
            positions=self._progress.positions,
        )


def _make_learner(
    config: schema.Config, ranks: Sequence[plans.Placement]
) -> "learner.Learner | rank_group.RankGroup":
    if ranks:
        return rank_group.RankGroup(config, ranks)
    rank_group.remove_reservation()
    # Not at the top: the driver imports this module too and does not need torch.
    from alphazero.training import learner

    return learner.Learner(config)
