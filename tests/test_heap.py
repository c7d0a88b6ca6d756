"""`heap.release` frees memory, and gates leave no objects behind."""

import ctypes
import os
import subprocess
import sys

import pytest

_CYCLES = """
import gc, re
from alphazero import heap

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

class Node:
    def __init__(self):
        self.own, self.data = self, bytes(100_000)  # from malloc's heap, not mapped one by one

heap.release()
gc.disable()
before = resident()
kept = []
for _ in range(400):
    Node()
    kept.append(bytes(2000))  # at the end of the heap, which cannot shrink
print(resident() - before)
heap.release()
print(resident() - before)
"""

_ARENAS = """
import ctypes, sys, threading
from alphazero import heap

if sys.argv[1] == "one":
    heap.use_one_arena()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fdopen.restype = ctypes.c_void_p
barrier = threading.Barrier(5)

def work():
    libc.malloc(1000)
    barrier.wait()

for _ in range(4):
    threading.Thread(target=work).start()
barrier.wait()
file = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, file)
libc.fflush(file)
"""

_NAMES = """
import re, sys
from actors import loop
from alphazero import heap

def anonymous():
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024

if sys.argv[1] == "rebuilt":
    heap.rebuild_intern_table()
before = anonymous()
for number in range(60_000):
    sys.intern(f"for a moment {number}")
print(anonymous() - before)
"""

_GATES = """
import gc, pathlib, sys
from alphazero.config import compose
from alphazero.run_files import run_folder
from alphazero.evaluation import gate
from alphazero.run_files import candidate
from tests.net import networks

def candidate_of(version):
    weights = networks.random_weights(5, 2, 16, seed=version % 8)
    return candidate.Candidate(version=version, weights=weights, games=0, positions=0)

words = ["conf=smoke", "training.device=cpu", "gate.num_simulations=2", "gate.threshold=1"]
judge = gate.Gate(compose.compose(words), run_folder.RunFolder(pathlib.Path(sys.argv[1])))
judge.start_with(candidate_of(0))
for version in range(1, 51):
    judge.judge(candidate_of(version))
    if version >= 15:
        print(len(gc.get_objects()) + gc.get_freeze_count())
"""


def numbers_of(code: str, project, *arguments: str) -> list[float]:
    """The numbers that a new process prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=project, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [float(line) for line in done.stdout.split()]


@pytest.mark.skipif(sys.platform != "linux", reason="reads the size of a process from Linux")
def test_memory_of_cycles_goes_back_to_the_system(project):
    grown, left = numbers_of(_CYCLES, project)
    assert grown > 20
    assert left < grown / 4


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="only glibc has arenas")
@pytest.mark.parametrize(("argument", "is_one"), [("one", True), ("many", False)])
def test_threads_share_an_arena(argument, is_one, project):
    done = subprocess.run(
        [sys.executable, "-c", _ARENAS, argument], cwd=project, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": str(project)},
    )  # fmt: skip
    assert (done.stdout.count("<heap nr") == 1) == is_one


@pytest.mark.skipif(sys.version_info[:2] == (3, 12), reason="interned strings are never freed")
@pytest.mark.skipif(sys.platform != "linux", reason="reads the size of a process from Linux")
@pytest.mark.parametrize(("argument", "is_flat"), [("rebuilt", True), ("as imported", False)])
def test_names_for_a_moment_take_no_more_memory(argument, is_flat, project):
    """The table of interned strings of a driver has the size that it keeps."""
    (grown_mib,) = numbers_of(_NAMES, project, argument)
    assert (grown_mib < 0.5) == is_flat, grown_mib


@pytest.mark.slow
def test_gates_leave_no_objects_behind(project, tmp_path):
    counts = numbers_of(_GATES, project, str(tmp_path))
    # The counts are the same after each gate. Without `release` they vary by 3,000, as cycles pile up.
    assert max(counts) - min(counts) < 300
