"""The learner as an actor."""

import threading
import time
from typing import Any

import ray

from actors import messages, telemetry
from alphazero.config import schema
from alphazero.data import run_folder
from alphazero.evaluation import candidate as candidates
from alphazero.training import checkpoint

_PAUSE_S = 0.2
_BATCHES_A_CALL = 8


class LearnerActor:
    """Trains on batches from the replay buffer, publishes candidates and writes checkpoints.

    One rank; `run` is the one call that a group of ranks will share. Consumes batches, produces
    candidates. Waits for the replay buffer while the replay ratio does not allow for more samples,
    freed by new games. When killed, the steps since the last checkpoint are lost.
    """

    def __init__(self, config: schema.Config, handles: dict[str, Any]) -> None:
        """handles: actors by name, of which replay_buffer, weight_store and reporter are used."""
        # Not above, as the driver imports this module too and has no use for torch.
        from alphazero.training import learner

        self._config = config
        self._handles = handles
        self._stopping = threading.Event()
        self._progress = messages.Progress(fraction=0, games=0, positions=0)
        self._telemetry = telemetry.Telemetry(handles["reporter"], "learner")
        self._checkpoints = checkpoint.Checkpoints(
            run_folder.RunFolder(config.run.dir).checkpoints, config.training.keep_checkpoints
        )
        self._learner = learner.Learner(config)

    def run(self) -> None:
        """Trains until `stop`, then saves."""
        # The untrained network is the best one until the first promotion, also after a restart.
        self._handles["weight_store"].promote.remote(self._candidate())
        restored = self._checkpoints.load_newest()
        if restored is not None:
            self._learner.load_state(restored)
        self._handles["replay_buffer"].set_samples.remote(self._learner.samples)
        self._publish()
        request = self._request()
        while not self._stopping.is_set():
            batches = ray.get(request)
            request = self._request()
            if batches is None:
                self._telemetry.report(lambda: {"waiting_for": "games"})
                self._stopping.wait(_PAUSE_S)
                continue
            for batch in batches:
                self._train(batch)
        self._save()

    def stop(self) -> None:
        """Makes `run` save and return after the step under way."""
        self._stopping.set()

    def set_progress(self, progress: messages.Progress) -> None:
        """The driver's news of the whole run."""
        self._progress = progress

    def _request(self) -> Any:
        buffer = self._handles["replay_buffer"]
        return buffer.request_batches.remote(_BATCHES_A_CALL, self._config.training.batch_size)

    def _train(self, batch: Any) -> None:
        began = time.monotonic()
        figures = self._learner.train(batch, self._progress.fraction)
        samples_per_s = self._config.training.batch_size / (time.monotonic() - began)
        step = self._learner.step
        self._telemetry.report(lambda: {**figures, "step": step, "samples_per_s": samples_per_s}, step)
        if step % self._config.training.publish_steps == 0:
            self._publish()
        if step % self._config.training.checkpoint_steps == 0:
            self._save()

    def _publish(self) -> None:
        self._handles["weight_store"].publish.remote(self._candidate())

    def _candidate(self) -> candidates.Candidate:
        return candidates.Candidate(
            version=self._learner.step,
            weights=self._learner.candidate(),
            games=self._progress.games,
            positions=self._progress.positions,
        )

    def _save(self) -> None:
        self._checkpoints.save(self._learner.step, self._learner.state())
