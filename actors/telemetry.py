"""How actors report: at most one report under way, at most one an interval."""

import logging
import time
from collections.abc import Callable
from typing import Any

import ray

_logger = logging.getLogger(__name__)


class Telemetry:
    """Sends figures to the reporter without ever waiting for it."""

    def __init__(self, reporter: Any, source: str, interval_s: float = 1.0) -> None:
        """reporter: the reporter actor's handle."""
        self._reporter = reporter
        self._source = source
        self._interval_s = interval_s
        self._last = 0.0
        self._under_way: Any = None

    def report(self, figures: Callable[[], dict[str, float | str]], step: int | None = None) -> None:
        """Sends what `figures` returns, unless the interval is not over or the last report is still going."""
        now = time.monotonic()
        if now - self._last < self._interval_s or not self._is_free():
            return
        self._last = now
        self._under_way = self._reporter.record.remote(self._source, figures(), step)

    def report_now(self, figures: dict[str, float | str], step: int | None = None) -> None:
        """Sends a rare report, such as a gate's outcome, in any case."""
        self._reporter.record.remote(self._source, figures, step)

    def wait_for(self, what: str) -> None:
        """Tells, here and in the log, what keeps the source from its work for longer than a moment.

        It holds until the next report.
        """
        _logger.info("%s waits for %s", self._source, what)
        self.report_now({"waiting_for": what})

    def _is_free(self) -> bool:
        return self._under_way is None or bool(ray.wait([self._under_way], timeout=0)[0])
