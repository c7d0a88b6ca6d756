"""Release of memory in long-lived processes, between pieces of work."""

import ctypes
import gc
import itertools
import sys

_NUM_FREEZES = 3
"""Number of first calls of `release` that freeze all live objects: by then, libraries are loaded."""
_calls = itertools.count(1)
_ARENA_MAX = -8
"""M_ARENA_MAX of malloc.h."""
_NUM_NAMES = 60_000
"""More than the free entries in Python's table of interned strings before its first rebuilding."""
_IMMORTAL = (3, 12)
"""The version of Python that never frees interned strings."""


def use_one_arena() -> None:
    """Lets all threads allocate from one heap, as each of glibc's arenas keeps free memory to itself.

    To be called before threads start. Processes that are started later can have MALLOC_ARENA_MAX=1 instead.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)


def rebuild_intern_table() -> None:
    """Lets Python rebuild its table of interned strings now; takes less than 0.1 s.

    Entries of freed strings stay in the table until it is full. It is rebuilt then, for three times the
    strings that live. Each message interns a few names for a moment. A driver's table would therefore grow
    after twenty minutes, once and by 1.9 MiB, which looks like a leak.
    """
    if sys.version_info[:2] != _IMMORTAL:
        for number in range(_NUM_NAMES):
            sys.intern(f"name {number}")


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
