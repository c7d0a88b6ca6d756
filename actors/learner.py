"""The learner as an actor."""

import logging
import threading
import time
from collections.abc import Sequence
from typing import Any

import ray

from actors import messages, rank_group, telemetry, worker_setup
from actors import plan as plans
from alphazero.config import schema
from alphazero.run_files import candidate as candidates
from alphazero.run_files import run_folder
from alphazero.training import checkpoint, trainer

_logger = logging.getLogger(__name__)
_PAUSE_S = 0.2
_CALL_S = 1.0
"""Duration of a request's batches: short enough to notice `stop`, long enough to hide the request."""
_MOST_BATCHES = 64


class LearnerActor:
    """Trains on batches from the replay buffer, publishes candidates and writes checkpoints.

    With one rank the learner lives in this process. With several it drives a group of `LearnerRank`s, which
    it restarts from the last checkpoint if one of them dies. Consumes batches, produces candidates. Waits
    for the replay buffer while the replay ratio allows no more samples, freed by new games. If it is
    killed, the steps since the last checkpoint are lost; the driver restarts it after a second, and after
    about ten it continues from the checkpoint.
    """

    def __init__(
        self, config: schema.Config, handles: dict[str, Any], ranks: Sequence[plans.Placement]
    ) -> None:
        """handles: actors by name; replay_buffer, weight_store and reporter are used.

        ranks: places of the ranks, empty if this process is the only one.
        """
        self._config = config if ranks else worker_setup.for_own_devices(config)
        self._ranks = ranks
        self._handles = handles
        self._stopping = threading.Event()
        self._is_asked_to_publish = threading.Event()
        self._progress = messages.RunProgress(fraction=0, games=0, positions=0)
        self._telemetry = telemetry.Telemetry(handles["reporter"], "learner")
        self._step_s = _CALL_S
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
        self._introduce()
        count, request = self._request(0)
        while not self._stopping.is_set():
            if self._is_asked_to_publish.is_set():
                self._is_asked_to_publish.clear()
                self._introduce()
            is_granted = ray.get(request[0])
            drawn = request[1:]
            taken = count if is_granted else 0
            count, request = self._request(taken)
            if not is_granted:
                self._telemetry.report(lambda: {"waiting_for": "games"})
                self._stopping.wait(_PAUSE_S)
                self._waited_s += _PAUSE_S
                continue
            try:
                self._train(drawn)
            except rank_group.RanksLost:
                self._restore()
        self._trainer.save()
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

    def _request(self, under_way: int) -> tuple[int, list[Any]]:
        """Requests the batches of the next steps; returns their number and the references.

        The batches last for about a second and end before the next publication or checkpoint.
        under_way: steps that were requested but not trained yet.
        """
        training = self._config.training
        first = self._learner.step + under_way
        ends = [every - first % every for every in (training.publish_steps, training.checkpoint_steps)]
        count = min(*ends, _MOST_BATCHES, max(1, round(_CALL_S / self._step_s)))
        ask = self._handles["replay_buffer"].request_shards.options(num_returns=1 + training.num_ranks)
        shard = training.batch_size // training.num_ranks
        samples = self._learner.samples + under_way * training.batch_size
        return count, ask.remote(samples, count, shard, training.num_ranks)

    def _train(self, drawn: list[Any]) -> None:
        """Trains on the batches of each rank; reports, publishes and saves if it is due.

        drawn: a reference to the batches of each rank.
        """
        training = self._config.training
        began, before, rollbacks = time.monotonic(), self._learner.step, self._trainer.rollbacks
        shards = drawn if self._ranks else ray.get(drawn[0])
        taken = self._trainer.train(shards, self._progress.fraction)
        if self._trainer.rollbacks > rollbacks:
            return
        self._step_s = (time.monotonic() - began) / len(taken)
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

    def _introduce(self) -> None:
        """Sends the weight store its two networks; the store ignores what is not newer."""
        self._handles["weight_store"].promote.remote(self._untrained)
        self._publish()

    def _publish(self) -> None:
        self._handles["weight_store"].publish.remote(self._candidate())

    def _measure(self) -> None:
        """Records the newest candidate's metrics on held-out games."""
        training = self._config.training
        buffer = self._handles["replay_buffer"]
        drawn = ray.get(buffer.held_out_batches.remote(training.held_out_batches, training.batch_size))
        if drawn:
            metrics = self._learner.evaluate(drawn)
            self._handles["reporter"].record.remote("held_out", metrics, self._learner.step)

    def _candidate(self) -> candidates.Candidate:
        return candidates.Candidate(
            version=self._learner.step,
            weights=self._learner.candidate(),
            games=self._progress.games,
            positions=self._progress.positions,
        )


def _make_learner(config: schema.Config, ranks: Sequence[plans.Placement]) -> Any:
    if ranks:
        return rank_group.RankGroup(config, ranks)
    rank_group.give_place_back()
    # Not at the top: the driver imports this module too and does not need torch.
    from alphazero.training import learner

    return learner.Learner(config)
