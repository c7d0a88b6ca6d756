"""Release of memory in long-lived processes, between pieces of work."""

import ctypes
import gc
import itertools

_NUM_FREEZES = 3
"""Number of first calls of `release` that freeze all live objects: by then, libraries are loaded."""
_calls = itertools.count(1)
_ARENA_MAX = -8
"""M_ARENA_MAX of malloc.h."""


def use_one_arena() -> None:
    """Lets all threads allocate from one heap, as each of glibc's arenas keeps free memory to itself.

    To be called before threads start. Processes that are started later can have MALLOC_ARENA_MAX=1 instead.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)


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
