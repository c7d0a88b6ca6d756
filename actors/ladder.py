"""The ladder as an actor."""

import functools
import logging
import threading
from typing import TYPE_CHECKING

from actors import handles, telemetry, worker_setup
from alphazero import cpu_meter
from alphazero.config import schema
from alphazero.run_files import promotion, run_folder

if TYPE_CHECKING:
    from alphazero.evaluation import ladder

_logger = logging.getLogger(__name__)
_PAUSE_S = 5.0
_TROUBLE_S = 60.0


class LadderActor:
    """Plays promoted networks against each other and fixed opponents, at low priority.

    Consumes promoted files, produces games and ratings in the run's `ladder/`. Waits for a promotion, freed
    by the evaluator. If it is killed, the few games under way are lost; the driver restarts it after a
    second, and the new one plays them again.
    """

    def __init__(self, config: schema.Config, services: handles.Services) -> None:
        worker_setup.use_idle_cores()
        self._config = worker_setup.for_own_devices(config)
        self._stopping = threading.Event()
        meter = cpu_meter.CpuMeter()
        self._telemetry = telemetry.Telemetry(services.reporter, "ladder", meter=meter)

    @functools.cached_property
    def _ladder(self) -> "ladder.Ladder":
        # Not at the top: the driver imports this module, too, and torch is not needed before the first
        # promotion.
        from alphazero.evaluation import ladder

        return ladder.Ladder(self._config, run_folder.RunFolder(self._config.run.dir).path)

    def run(self) -> None:
        """Plays the missing games of promoted networks as they appear, until `stop`."""
        promotions = promotion.Promotions(run_folder.RunFolder(self._config.run.dir).promoted)
        while promotions.count() == 0 and not self._stopping.wait(_PAUSE_S):
            pass
        while not self._stopping.is_set():
            self._ladder.add_promoted()
            if self._ladder.num_games >= self._ladder.num_wanted:
                self._stopping.wait(_PAUSE_S)
                continue
            try:
                if self._ladder.play(self._should_stop):
                    self._report()
            except BlockingIOError:
                self._stopping.wait(_PAUSE_S)
            except OSError as error:
                _logger.warning("the ladder waits: %s", error)
                self._stopping.wait(_TROUBLE_S)

    def stop(self) -> None:
        """Makes `run` return after the current move; the games under way do not count."""
        self._stopping.set()

    def _should_stop(self) -> bool:
        """Whether to stop. Each move asks this, so it is also where CPU time is reported."""
        self._telemetry.report(dict)
        return self._stopping.is_set()

    def _report(self) -> None:
        """Reports the newest network's rating, at that network's step."""
        networks = [rung for rung in self._ladder.write_ratings() if rung.step is not None]
        newest = max(networks, key=lambda rung: rung.step or 0, default=None)
        if newest is not None:
            elo = newest.elo
            metrics = {"elo": elo.elo, "elo_low": elo.low, "elo_high": elo.high}
            self._telemetry.report_now({**metrics, "games": self._ladder.num_games}, newest.step)
