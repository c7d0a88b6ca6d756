"""Tests that each kernel of searches and self-play is compiled once, or once for each record layout."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # compiles nearly everything


@pytest.fixture(scope="module")
def counts(project):
    """Signatures of each kernel by package, after searches and self-play on one board size."""
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        pytest.skip("nothing is compiled")
    # With a cache, kernels inside a cached kernel would be neither compiled nor counted.
    uncached = os.environ | {"ALPHAZERO_CACHE_DIR": os.devnull}
    command = [sys.executable, "-m", "tests.search.exercise"]
    done = subprocess.run(command, cwd=project, env=uncached, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("package", "least"),
    [("alphazero.go", 20), ("alphazero.search", 45), ("alphazero.selfplay", 1), ("alphazero.data", 3)],
)
def test_no_kernel_is_compiled_twice(counts, package, least):
    """The replay window uses records of its own layout, so the rules are compiled for two layouts.

    It turns targets of two types, float32 and int8.
    """
    called = {name: count for name, count in counts[package].items() if count[0] > 0}
    expected = {
        name: layouts if package == "alphazero.go" and layouts else 1 for name, (_, layouts) in called.items()
    }
    if package == "alphazero.data":
        expected["replay._turn"] = 2
    assert {name: number for name, (number, _) in called.items()} == expected
    assert len(called) >= least


def test_every_kernel_of_the_search_is_called(counts):
    """A kernel that is never called would not be counted."""
    assert [name for name, (number, _) in counts["alphazero.search"].items() if number == 0] == []
