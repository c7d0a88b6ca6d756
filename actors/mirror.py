"""The mirror as an actor."""

import logging
import os
from typing import Any

from actors import telemetry
from alphazero.config import schema
from alphazero.data import run_folder

_logger = logging.getLogger(__name__)
_EXTRA_NICENESS = 10


class MirrorActor:
    """Copies promoted networks and checkpoints to `mirror.uri`, in time that nothing else needs.

    Consumes promoted files and checkpoints of the run's folder, produces the same in another place. Waits for
    new files and, with growing pauses, for the place. When killed nothing is lost: the next one looks at
    what is there and sends the rest; the driver starts it after a second. Nothing that happens to it, or to
    its place, ends the run.
    """

    def __init__(self, config: schema.Config, handles: dict[str, Any]) -> None:
        """handles: actors by name, of which reporter is used."""
        os.nice(_EXTRA_NICENESS)
        # Not above, as the driver imports this module, too.
        from alphazero.storage import background

        self._telemetry = telemetry.Telemetry(handles["reporter"], "mirror")
        self._background = background.make(config, run_folder.RunFolder(config.run.dir).path)

    def run(self) -> None:
        """Mirrors until `stop`, however often it fails."""
        self._background.run(lambda figures: self._telemetry.report(lambda: figures))

    def stop(self) -> None:
        """Makes `run` return after the file that is being sent."""
        self._background.stop()

    def finish(self) -> None:
        """After `stop`, when all others have saved: sends what is left, and gives up after a minute."""
        self._background.finish()
