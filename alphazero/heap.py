"""Release of memory in long-lived processes, between pieces of work."""

import ctypes
import gc
import itertools

_NUM_FREEZES = 3
"""Number of first calls of `release` that freeze all live objects: by then, libraries are loaded."""
_calls = itertools.count(1)


def release() -> None:
    """Frees unreachable cycles and returns free memory to the system; takes about two milliseconds.

    Python searches old objects for cycles only when a quarter of all objects are new since the last search. A
    process with torch and numba holds 350,000 objects, so cycles of many gates would pile up before that.
    """
    gc.collect()
    if next(_calls) <= _NUM_FREEZES:
        # Frozen objects are not searched. Otherwise each call would take 150 ms for those of the libraries.
        gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # only glibc has it
    if trim is not None:
        trim(0)
