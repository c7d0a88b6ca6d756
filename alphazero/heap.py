"""Memory that long-lived processes give back between pieces of work."""

import ctypes
import gc
import itertools

_NUM_FREEZES = 3
"""Calls of `release` after which Python's collector ignores what is alive: libraries are loaded by then."""
_calls = itertools.count(1)


def release() -> None:
    """Frees unreachable cycles and returns free memory to the system; takes about two milliseconds.

    Python looks for cycles among old objects only when a quarter of all objects are new since it last
    looked. A process with torch and numba holds 350,000, so that cycles of many gates pile up before.
    """
    gc.collect()
    if next(_calls) <= _NUM_FREEZES:
        # Without this each call would take 150 ms, to visit the objects of those libraries.
        gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it
    if trim is not None:
        trim(0)
