"""Start time of this process, which includes the time before its first line of Python."""

import os
import time
from pathlib import Path

_STAT = Path("/proc/self/stat")
_START_FIELD = 19  # index among the fields after the process's name, which may contain spaces


def process_began() -> float:
    """Start of this process in seconds since 1970; the current time if Linux does not provide it."""
    try:
        ticks = int(_STAT.read_text().rpartition(")")[2].split()[_START_FIELD])
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        age_s = 0.0
    return time.time() - age_s
