"""The central reporter of a run: keeps its status, writes TensorBoard events and status.json."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

from alphazero import cpu_meter, run_paths
from alphazero.report import aggregator, status, tensorboard

WRITE_INTERVAL_S = 5.0
_logger = logging.getLogger(__name__)


class Reporter:
    """Merges reports and passes them on. A run can continue without its state.

    If it is killed, the metrics of the last seconds are lost, and a new reporter takes over.
    """

    def __init__(
        self, folder: Path | str, resume_step: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """folder: the run's. resume_step: the learner's step at the start of this session."""
        self._folder = Path(folder)
        self._clock = clock
        self._step = resume_step
        self._tally = aggregator.MetricsAggregator()
        self._writer = tensorboard.Writer(self._folder / run_paths.LOOP_EVENTS, resume_step)
        self._written = clock()
        self._remember(status.last(self._folder), self._written)
        self._tally.record(aggregator.LEARNER, {"step": resume_step}, self._written)

    def record(self, source: str, metrics: aggregator.Metrics, step: int | None = None) -> None:
        """Takes a report from `source` (names in aggregator.py).

        step: the learner's step that the metrics belong to; they are written at once. Metrics without a
        step are written every few seconds, at the newest step.
        """
        now = self._clock()
        self._tally.record(source, metrics, now)
        if step is not None:
            shown = {name: value for name, value in metrics.items() if not name.endswith(cpu_meter.SUFFIX)}
            self._writer.add(aggregator.group_of(source), shown, step)
            if source == aggregator.LEARNER:
                self._step = step
        if now - self._written >= WRITE_INTERVAL_S:
            self._write(now)

    def snapshot(self) -> status.Status:
        """The current status of the run."""
        return self._tally.status(self._clock())

    def close(self) -> None:
        """Writes everything one last time."""
        self._write(self._clock())
        self._writer.close()

    def _remember(self, last: status.Status, now: float) -> None:
        """Takes the totals of status.json, which must not fall back to 0 before their sources report."""
        ends = {f"{end}_games": count for end, count in last.ends.items()}
        self._tally.record(aggregator.REPLAY, {"games": last.games, "positions": last.positions, **ends}, now)
        run = {"minutes": last.minutes, "promotions": last.promotions, "weights": last.weights}
        self._tally.record(aggregator.RUN, run, now)
        self._tally.record(aggregator.GATE, {"last": last.last_gate}, now)

    def _write(self, now: float) -> None:
        self._written = now
        for group in (
            aggregator.SELFPLAY,
            aggregator.REPLAY,
            aggregator.MATCH,
            aggregator.MIRROR,
            aggregator.RUN,
        ):
            self._writer.add(group, self._tally.metrics(group, now), self._step)
        self._writer.add(aggregator.CORES, self._tally.cores(now), self._step)
        try:
            self._tally.status(now).save(self._folder / run_paths.STATUS)
        except OSError as error:
            _logger.warning("status.json was not written: %s", error)
