"""The reporter as an actor."""

import warnings

import ray

from alphazero.config import schema
from alphazero.report import reporter, status
from alphazero.run_files import run_folder
from alphazero.training import checkpoint


class ReporterActor:
    """The only writer of TensorBoard events and status.json; all actors send it metrics.

    If it is killed, only the metrics of its last seconds are lost; Ray restarts it on the driver's node
    within seconds.
    """

    def __init__(self, config: schema.Config) -> None:
        folder = run_folder.RunFolder(config.run.dir)
        # Events of an earlier session after its last checkpoint belong to lost work and are dropped. Events
        # of this session before the reporter died are kept.
        with warnings.catch_warnings():
            # Ray calls its own deprecated function here, and every start would show three lines about it.
            warnings.simplefilter("ignore", DeprecationWarning)
            is_again = ray.get_runtime_context().was_current_actor_reconstructed
        step = status.last_step(folder.path) if is_again else checkpoint.newest_step(folder.checkpoints)
        self._reporter = reporter.Reporter(folder.path, step)

    def record(self, source: str, metrics: dict[str, float | str], step: int | None = None) -> None:
        """Takes metrics of one actor; step: the learner's, if the sender knows it."""
        self._reporter.record(source, metrics, step)

    def snapshot(self) -> status.Status:
        """The current status of the run."""
        return self._reporter.snapshot()

    def close(self) -> None:
        """Writes all buffered metrics."""
        self._reporter.close()
