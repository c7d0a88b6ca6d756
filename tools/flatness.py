"""Growth of processes: a robust line through the smallest samples after the start, a table and a plot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import numpy as np
from matplotlib import pyplot
from scipy import stats

MIB = 2**20
BOUNDS = {"own": 4.0 * MIB, "files": 12.0, "threads": 12.0}
"""Maximum growth of a process in an hour: bytes, open files, threads."""
_SLACK = {"own": 1.0 * MIB, "files": 2.0, "threads": 2.0}
"""Growth that is always allowed: in a soak of a few minutes an hourly bound allows almost nothing."""
_WARM_UP_S = 600.0
"""Start of a soak, which is not evaluated: so many seconds, or the first half of a shorter soak."""
_LEAST_SAMPLES = 6
_NUM_STRETCHES = 20
"""Parts of a soak; only the smallest sample of each counts, because memory that is returned after a
piece of work is not growth."""

Series = Mapping[str, Sequence[float]]
"""Columns of one process: time_s and the sampled values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """One process after the start of a soak."""

    name: str
    own: float
    """Median bytes without shared memory."""
    growth: Mapping[str, float]
    """Growth in an hour, for each key of BOUNDS."""
    too_much: tuple[str, ...]
    """Keys of BOUNDS that grow too fast."""

    def row(self) -> str:
        """A line of the table."""
        cells = [f"{self.own / MIB:8.1f}", f"{self.growth['own'] / MIB:+9.2f}"]
        cells += [f"{self.growth[key]:+8.1f}" for key in ("files", "threads")]
        return f"{self.name:<24}" + " ".join(cells) + "  " + (", ".join(self.too_much) or "flat")


def head() -> str:
    """The table's header."""
    cells = f"{'MiB':>8} {'MiB/h':>9} {'files/h':>8} {'threads/h':>8}"
    return f"{'process':<24}{cells}"


def judge(samples: Mapping[str, Series], seconds: float) -> list[Growth]:
    """Growth of each process that lived from the end of the start to the end of the soak.

    seconds: duration of the soak.
    """
    found, start = [], start_of(seconds)
    for name, series in samples.items():
        times = np.array(series["time_s"])
        late = times >= start
        was_there = times[0] <= start + 0.05 * seconds and times[-1] >= 0.9 * seconds
        if late.sum() < _LEAST_SAMPLES or not was_there:
            continue
        growth, too_much = {}, []
        for key, bound in BOUNDS.items():
            growth[key] = 3600 * slope(*_floor(times[late], np.array(series[key], float)[late]))
            if growth[key] > bound and growth[key] * np.ptp(times[late]) / 3600 > _SLACK[key]:
                too_much.append(key)
        own = float(np.median(np.array(series["own"])[late]))
        found.append(Growth(name=name, own=own, growth=growth, too_much=tuple(too_much)))
    return found


def start_of(seconds: float) -> float:
    """The time at which evaluation of a soak of `seconds` begins."""
    return min(_WARM_UP_S, seconds / 2)


def _floor(times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of the smallest sample in each stretch."""
    stretches = np.array_split(np.arange(len(times)), min(_NUM_STRETCHES, len(times)))
    least = [stretch[values[stretch].argmin()] for stretch in stretches]
    return times[least], values[least]


def slope(times: np.ndarray, values: np.ndarray) -> float:
    """Median of the slopes between all pairs of points (Theil-Sen); a third of the points may be outliers."""
    fit: Any = stats.theilslopes(values, times)
    return float(fit.slope)


def draw(samples: Mapping[str, Series], target: Path) -> None:
    """Curves of each process's memory over the minutes."""
    figure, axes = pyplot.subplots(figsize=(9, 5), layout="constrained")
    for name, series in sorted(samples.items(), key=lambda item: -max(item[1]["own"])):
        if len(series["time_s"]) >= _LEAST_SAMPLES:
            minutes = np.array(series["time_s"]) / 60
            axes.plot(minutes, np.array(series["own"]) / MIB, label=name, linewidth=1)
    axes.set(xlabel="minutes", ylabel="MiB without shared memory", ylim=(0, None))
    axes.legend(fontsize="x-small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(target)
    pyplot.close(figure)
