"""CPU time of a process by kind of work."""

import contextlib
import time
from collections.abc import Callable, Iterator

SUFFIX = "cpu_s"
"""End of the names of CPU seconds among a process's metrics."""


class CpuMeter:
    """Adds up the CPU seconds of this process, of all its threads, by kind of work.

    One thread uses it. Work of one kind inside another counts for the inner kind only.
    """

    def __init__(self, clock: Callable[[], float] = time.process_time) -> None:
        """clock: CPU seconds of the process since its start."""
        self._clock = clock
        self._spent: dict[str, float] = {}
        self._kinds: list[str] = []
        self._since = clock()

    @contextlib.contextmanager
    def of(self, kind: str) -> Iterator[None]:
        """Counts the block as work of this kind. kind: a word of a metric's name, such as "network"."""
        self._charge()
        self._kinds.append(kind)
        try:
            yield
        finally:
            self._charge()
            self._kinds.pop()

    def totals(self) -> dict[str, float]:
        """Metrics: cpu_s of the whole process since its start, and KIND_cpu_s of each kind."""
        self._charge()
        kinds = {f"{kind}_{SUFFIX}": seconds for kind, seconds in self._spent.items()}
        return {SUFFIX: self._since, **kinds}

    def _charge(self) -> None:
        """Counts the time since the last call for the current kind."""
        now = self._clock()
        if self._kinds:
            kind = self._kinds[-1]
            self._spent[kind] = self._spent.get(kind, 0.0) + now - self._since
        self._since = now
