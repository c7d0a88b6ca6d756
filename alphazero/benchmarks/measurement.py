"""Measurements, and the timing behind them."""

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SHARE_OF_PEAK = "share of matrix peak"
"""Key of a setup: the measured share of the device's floating-point rate in a large product of matrices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One measured value beside its limit."""

    name: str
    """For example "selfplay.b4c32"."""
    value: float
    unit: str
    limit: float
    """The best value that this machine allows; each benchmark's docstring defines it."""
    setup: dict[str, Any] = field(default_factory=dict)
    """Conditions of the measurement."""

    @property
    def ratio(self) -> float:
        """Value divided by limit."""
        return self.value / self.limit

    def line(self) -> str:
        """One line of text."""
        setup = ", ".join(f"{key} {value}" for key, value in self.setup.items())
        rate = f"{self.value:>13,.0f} {self.unit:<14}"
        return f"{self.name:<24}{rate} limit {self.limit:>13,.0f}  {100 * self.ratio:5.1f} %  {setup}"

    def json(self) -> str:
        """One line of JSON."""
        setup = {
            **self.setup,
            "machine": machine(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        values = {"value": self.value, "unit": self.unit, "limit": self.limit, "ratio": self.ratio}
        return json.dumps({"name": self.name, **values, "setup": setup}, allow_nan=False)


Clock = Callable[[], float]
"""time.process_time counts seconds of one core, whatever else the machine does. Work on a GPU needs
time.perf_counter."""


def rate(work: Callable[[], int], seconds: float, clock: Clock) -> float:
    """Units of work per second of `clock`. `work` returns the units of a call; it is called at least once."""
    start = clock()
    done = work()
    while (elapsed := clock() - start) < seconds:
        done += work()
    return done / elapsed


def machine() -> str:
    """The processor and the number of cores that this process may use."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores"
