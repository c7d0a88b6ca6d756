"""Rate-limited reports of an actor to the reporter."""

import logging
import time
from collections.abc import Callable

import ray

from actors import handles
from alphazero import cpu_meter

_logger = logging.getLogger(__name__)


class Telemetry:
    """Sends metrics to the reporter and never waits for it.

    At most one report is under way, and at most one is sent per interval.
    """

    def __init__(
        self,
        reporter: handles.ReporterHandle,
        source: str,
        interval_s: float = 1.0,
        meter: cpu_meter.CpuMeter | None = None,
    ) -> None:
        """source: name of the sender, as in `report.aggregator`. meter: its CPU seconds join every report."""
        self._reporter = reporter
        self._source = source
        self._interval_s = interval_s
        self._meter = meter
        self._last = 0.0
        self._under_way: ray.ObjectRef[None] | None = None

    def report(self, metrics: Callable[[], dict[str, float | str]], step: int | None = None) -> None:
        """Sends the result of `metrics`, unless the interval is not over or the last report is under way."""
        now = time.monotonic()
        if now - self._last < self._interval_s or not self._is_free():
            return
        self._last = now
        found = metrics()
        if self._meter is not None:
            found |= self._meter.totals()
        self._under_way = self._reporter.record.remote(self._source, found, step)

    def report_now(self, metrics: dict[str, float | str], step: int | None = None) -> None:
        """Sends a rare report, such as a gate's outcome, without limits."""
        self._reporter.record.remote(self._source, metrics, step)

    def wait_for(self, what: str) -> None:
        """Reports and logs what the source waits for, if that takes longer than a moment.

        The reporter shows it until the next report.
        """
        _logger.info("%s waits for %s", self._source, what)
        self.report_now({"waiting_for": what})

    def _is_free(self) -> bool:
        return self._under_way is None or bool(ray.wait([self._under_way], timeout=0)[0])
