"""The reporter as an actor."""

import warnings

import ray

from alphazero.config import schema
from alphazero.data import run_folder
from alphazero.report import reporter, status
from alphazero.training import checkpoint


class ReporterActor:
    """The only writer of TensorBoard events and status.json; everyone sends it figures.

    When killed, the figures of its last seconds are lost and nothing else; Ray starts it again on the
    driver's node within seconds.
    """

    def __init__(self, config: schema.Config) -> None:
        folder = run_folder.RunFolder(config.run.dir)
        # What an earlier session wrote beyond its last checkpoint belongs to lost work; what this session
        # wrote before its reporter died does not.
        with warnings.catch_warnings():
            # Ray asks itself for what it deprecates, and every start would show three lines about it.
            warnings.simplefilter("ignore", DeprecationWarning)
            is_again = ray.get_runtime_context().was_current_actor_reconstructed
        step = status.last_step(folder.path) if is_again else checkpoint.newest_step(folder.checkpoints)
        self._reporter = reporter.Reporter(folder.path, step)

    def record(self, source: str, figures: dict[str, float | str], step: int | None = None) -> None:
        """Takes figures of one actor; step: the learner's, when the sender knows it."""
        self._reporter.record(source, figures, step)

    def snapshot(self) -> status.Status:
        """The run as of now."""
        return self._reporter.snapshot()

    def close(self) -> None:
        """Writes everything out."""
        self._reporter.close()
