"""The reporter as an actor."""

from alphazero.config import schema
from alphazero.data import run_folder
from alphazero.report import reporter, status


class ReporterActor:
    """The only writer of TensorBoard events and status.json; everyone sends it figures.

    When killed, the figures since its last flush are lost and nothing else.
    """

    def __init__(self, config: schema.Config, resume_step: int) -> None:
        """resume_step: the learner's step at the start of this session."""
        self._reporter = reporter.Reporter(run_folder.RunFolder(config.run.dir).path, resume_step)

    def record(self, source: str, figures: dict[str, float | str], step: int | None = None) -> None:
        """Takes figures of one actor; step: the learner's, when the sender knows it."""
        self._reporter.record(source, figures, step)

    def snapshot(self) -> status.Status:
        """The run as of now."""
        return self._reporter.snapshot()

    def close(self) -> None:
        """Writes everything out."""
        self._reporter.close()
