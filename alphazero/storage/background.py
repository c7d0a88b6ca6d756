"""Mirroring in the background of a run, which no failure of the mirror's place disturbs."""

import logging
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from alphazero.config import schema
from alphazero.storage import layout, mirror, stores

_logger = logging.getLogger(__name__)
_POLL_S = 5.0
_LONGEST_PAUSE_S = 300.0
_FINISH_S = 25.0
_FOR_EVER_S = 3600.0


def check(config: schema.Config, folder: Path) -> None:
    """Raises ValueError in one line if `mirror.uri` is invalid or the mirror of another run.

    An unreachable place is not an error: it may come back while the run goes on.
    """
    if config.mirror.uri is not None:
        store = stores.open_place("mirror.uri", config.mirror.uri)
        try:
            layout.claim(folder, store)
        except (stores.StoreError, OSError) as error:
            _logger.warning("mirror: %s", error)


def make(config: schema.Config, folder: Path) -> "Background":
    """The mirroring of a run whose `mirror.uri` is set; folder: the run's."""
    assert config.mirror.uri is not None
    store = stores.open_place("mirror.uri", config.mirror.uri)
    return Background(mirror.Mirror(config, folder, store), store.name, random.Random())


class Background:
    """Runs the passes of a mirror one after the other, with growing pauses after failures."""

    def __init__(
        self,
        passes: mirror.Mirror,
        name: str,
        rng: random.Random,
        wait: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        """name: of the place, for messages. wait: sleeps for the seconds given or until the event is set."""
        self._passes = passes
        self._name = name
        self._rng = rng
        self._wait = wait
        self._stopping = threading.Event()
        self._running = threading.Lock()
        self._is_off = False
        self._failures = 0
        self._failing_since = 0.0
        self.metrics: dict[str, float | str] = {"behind": 0.0, "last": f"{name}: not reached yet"}
        """For the reporter; replaced as a whole after each pass."""

    def run(self, on_pass: Callable[[dict[str, float | str]], None] = lambda metrics: None) -> None:
        """Mirrors until `stop` or `finish`; never raises."""
        with self._running:
            while not self._stopping.is_set():
                pause_s = _FOR_EVER_S if self._is_off else self._pass(is_last=False)
                on_pass(self.metrics)
                self._wait(self._stopping, pause_s)

    def stop(self) -> None:
        """Makes `run` return after the file that is being sent."""
        self._stopping.set()

    def finish(self) -> None:
        """Ends `run` and sends the remaining files with the last checkpoint, for at most half a minute."""
        self.stop()
        if self._is_off:
            return
        if self._running.acquire(timeout=_FINISH_S):
            self._pass(is_last=True)
            self._running.release()
        if self._failures or self._passes.behind:
            missing = f"{self._passes.behind} files are missing there"
            _logger.warning("mirror: %s: %s; the same command sends them", self._name, missing)

    def _pass(self, is_last: bool) -> float:
        """Runs one pass and returns the seconds until the next one."""
        deadline = time.monotonic() + _FINISH_S

        def should_stop() -> bool:
            return time.monotonic() > deadline if is_last else self._stopping.is_set()

        try:
            self._passes.step(is_last=is_last, should_stop=should_stop)
        except (stores.StoreError, OSError) as error:
            return self._note_failure(error)
        except ValueError as error:
            _logger.warning("mirror: off: %s", error)
            return self._give_up(str(error))
        except Exception:  # no error of the mirror may end the run
            _logger.exception("mirror: off")
            return self._give_up("see log.txt")
        self._note_success()
        return _POLL_S

    def _give_up(self, reason: str) -> float:
        self._is_off = True
        self.metrics = {**self.metrics, "last": f"off: {reason}"}
        return _POLL_S

    def _note_failure(self, error: Exception) -> float:
        if self._failures == 0:
            self._failing_since = time.monotonic()
            _logger.warning("mirror: %s; the run goes on, and so do the attempts", error)
        pause_s = min(_LONGEST_PAUSE_S, _POLL_S * 2 ** min(self._failures, 10)) * self._rng.uniform(0.5, 1)
        self._failures += 1
        self._describe(f"not reached for {self._minutes_failing:.0f} min")
        return pause_s

    def _note_success(self) -> None:
        if self._failures:
            _logger.warning("mirror: %s: works again after %.0f min", self._name, self._minutes_failing)
        self._failures = 0
        self._describe("")

    @property
    def _minutes_failing(self) -> float:
        return (time.monotonic() - self._failing_since) / 60

    def _describe(self, trouble: str) -> None:
        behind = self._passes.behind
        state = f"{behind} files behind" if behind else "up to date"
        sentence = f"{self._name}: {', '.join(part for part in (state, trouble) if part)}"
        self.metrics = {"behind": float(behind), "sent": float(self._passes.sent), "last": sentence}
