"""The ladder as an actor."""

import functools
import logging
import os
import threading
from typing import TYPE_CHECKING, Any

from actors import telemetry, worker_setup
from alphazero.config import schema
from alphazero.data import run_folder
from alphazero.evaluation import promotion

if TYPE_CHECKING:
    from alphazero.evaluation import ladder

_logger = logging.getLogger(__name__)
_PAUSE_S = 5.0
_TROUBLE_S = 60.0
_EXTRA_NICENESS = 10


class LadderActor:
    """Lets promoted networks play each other and fixed opponents, in time that nothing else needs.

    Consumes promoted files, produces games and ratings in the run's `ladder/`. Waits for a promotion, freed
    by the evaluator. When killed, the few games under way are lost; the one that the driver
    starts after a second plays them again.
    """

    def __init__(self, config: schema.Config, handles: dict[str, Any]) -> None:
        """handles: actors by name, of which reporter is used."""
        os.nice(_EXTRA_NICENESS)
        self._config = worker_setup.for_own_devices(config)
        self._stopping = threading.Event()
        self._telemetry = telemetry.Telemetry(handles["reporter"], "ladder")

    @functools.cached_property
    def _ladder(self) -> "ladder.Ladder":
        # Not above: the driver imports this module, too, and before the first promotion torch would only
        # take time from those who need it.
        from alphazero.evaluation import ladder

        return ladder.Ladder(self._config, run_folder.RunFolder(self._config.run.dir).path)

    def run(self) -> None:
        """Plays whenever there are promoted networks that have not had their games, until `stop`."""
        promotions = promotion.Promotions(run_folder.RunFolder(self._config.run.dir).weights / "promoted")
        while promotions.count() == 0 and not self._stopping.wait(_PAUSE_S):
            pass
        while not self._stopping.is_set():
            self._ladder.look_for_networks()
            if self._ladder.num_games >= self._ladder.num_wanted:
                self._stopping.wait(_PAUSE_S)
                continue
            try:
                if self._ladder.play(self._stopping.is_set):
                    self._report()
            except BlockingIOError:
                self._stopping.wait(_PAUSE_S)
            except OSError as error:
                _logger.warning("the ladder waits: %s", error)
                self._stopping.wait(_TROUBLE_S)

    def stop(self) -> None:
        """Makes `run` return after the move that is being searched; the games under way do not count."""
        self._stopping.set()

    def _report(self) -> None:
        """The newest network's rating, at its own step."""
        networks = [rung for rung in self._ladder.write_ratings() if rung.step is not None]
        newest = max(networks, key=lambda rung: rung.step or 0, default=None)
        if newest is not None:
            elo = newest.elo
            figures = {"elo": elo.elo, "elo_low": elo.low, "elo_high": elo.high}
            self._telemetry.report_now({**figures, "games": self._ladder.num_games}, newest.step)
