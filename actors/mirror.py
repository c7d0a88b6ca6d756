"""The mirror as an actor."""

from actors import handles, telemetry, worker_setup
from alphazero.config import schema
from alphazero.run_files import run_folder


class MirrorActor:
    """Copies promoted networks and checkpoints to `mirror.uri`, at low priority.

    Consumes promoted files and checkpoints of the run's folder, produces the same in another place. Waits for
    new files and, with growing pauses, for the place. If it is killed, nothing is lost: the driver restarts
    it after a second, and it sends the files that are missing there. No failure of the mirror or of its
    place ends the run.
    """

    def __init__(self, config: schema.Config, services: handles.Services) -> None:
        worker_setup.lower_priority()
        # Not at the top: the driver imports this module, too.
        from alphazero.storage import background

        self._telemetry = telemetry.Telemetry(services.reporter, "mirror")
        self._background = background.make(config, run_folder.RunFolder(config.run.dir).path)

    def run(self) -> None:
        """Mirrors until `stop`, despite any failures."""
        self._background.run(lambda metrics: self._telemetry.report(lambda: metrics))

    def stop(self) -> None:
        """Makes `run` return after the file that is being sent."""
        self._background.stop()

    def finish(self) -> None:
        """Sends the remaining files for at most a minute, after `stop` and after all actors have saved."""
        self._background.finish()
