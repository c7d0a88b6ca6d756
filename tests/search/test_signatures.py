"""Each kernel that searches and self-play use is compiled once, or once for each layout of game records."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # compiles nearly everything


@pytest.fixture(scope="module")
def counts(project):
    """Signatures of each kernel by room, after searches and self-play on one board."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("nothing is compiled")
    # With a cache, kernels within a cached kernel would not be compiled and not counted.
    uncached = os.environ | {"ALPHAZERO_CACHE_DIR": os.devnull}
    command = [sys.executable, "-m", "tests.search.exercise"]
    done = subprocess.run(command, cwd=project, env=uncached, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("room", "least"),
    [("alphazero.go", 20), ("alphazero.search", 45), ("alphazero.selfplay", 1), ("alphazero.data", 3)],
)
def test_no_kernel_is_compiled_twice(counts, room, least):
    """The window replays games in records of a layout of its own, so the rules know two."""
    called = {name: count for name, count in counts[room].items() if count[0] > 0}
    expected = {
        name: layouts if room == "alphazero.go" and layouts else 1 for name, (_, layouts) in called.items()
    }
    assert {name: number for name, (number, _) in called.items()} == expected
    assert len(called) >= least


def test_every_kernel_of_the_search_is_called(counts):
    """Otherwise it would not be counted."""
    assert [name for name, (number, _) in counts["alphazero.search"].items() if number == 0] == []
