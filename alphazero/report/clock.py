"""How long this process has been running, the time before its first line of Python included."""

import os
import time
from pathlib import Path

_STAT = Path("/proc/self/stat")
_START_FIELD = 19  # of those after the process's name, which may hold spaces


def process_began() -> float:
    """When this process was started, in seconds since 1970; where Linux cannot say, now."""
    try:
        ticks = int(_STAT.read_text().rpartition(")")[2].split()[_START_FIELD])
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        age_s = 0.0
    return time.time() - age_s
