"""One place that hears of everything: keeps the run's status, writes TensorBoard and status.json."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from alphazero.report import status, tally, tensorboard

WRITE_INTERVAL_S = 5.0
_logger = logging.getLogger(__name__)


class Reporter:
    """Merges reports and passes them on; nothing of it is needed to go on with a run.

    When killed, figures of the last seconds are lost; whoever needs a new one makes it.
    """

    def __init__(
        self, folder: Path | str, resume_step: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """folder: the run's. resume_step: the learner's step at the start of this session."""
        self._folder = Path(folder)
        self._clock = clock
        self._step = resume_step
        self._tally = tally.Tally()
        self._writer = tensorboard.Writer(self._folder / "events" / "loop", resume_step)
        self._written = clock()
        self._remember(status.last(self._folder), self._written)
        self._tally.record(tally.LEARNER, {"step": resume_step}, self._written)

    def record(self, source: str, metrics: tally.Metrics, step: int | None = None) -> None:
        """Takes what `source` reports (names in tally.py).

        step: the learner's step that the metrics belong to; they are then written at once. Without it
        they belong to no step and are written every few seconds, at the newest step.
        """
        now = self._clock()
        self._tally.record(source, metrics, now)
        if step is not None:
            self._writer.add(tally.group_of(source), metrics, step)
            if source == tally.LEARNER:
                self._step = step
        if now - self._written >= WRITE_INTERVAL_S:
            self._write(now)

    def snapshot(self) -> status.Status:
        """The run as of now."""
        return self._tally.status(self._clock())

    def close(self) -> None:
        """Writes everything a last time."""
        self._write(self._clock())
        self._writer.close()

    def _remember(self, last: status.Status, now: float) -> None:
        """Takes the totals of status.json: until their sources report it must not fall back to nothing."""
        ends = {f"{end}_games": count for end, count in last.ends.items()}
        self._tally.record(tally.REPLAY, {"games": last.games, "positions": last.positions, **ends}, now)
        run = {"minutes": last.minutes, "promotions": last.promotions, "weights": last.weights}
        self._tally.record(tally.RUN, run, now)
        self._tally.record(tally.GATE, {"last": last.last_gate}, now)

    def _write(self, now: float) -> None:
        self._written = now
        for group in (tally.SELFPLAY, tally.REPLAY, tally.MATCH, tally.MIRROR, tally.RUN):
            self._writer.add(group, self._tally.figures(group, now), self._step)
        try:
            self._tally.status(now).save(self._folder / "status.json")
        except OSError as error:
            _logger.warning("status.json is old: %s", error)
