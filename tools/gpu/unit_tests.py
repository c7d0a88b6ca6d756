"""Run of the project's GPU tests of inference."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from tools.gpu import task

PROJECT = Path(__file__).resolve().parents[2]
_FILES = ("tests/net/test_graph_backend.py", "tests/net/test_inference.py")
_NO_COMPILER = "not compiled"  # the section `compiled` has more time for it


def run(given: task.Task) -> task.Items:
    """Runs the tests marked gpu, or on a CPU the backend's other tests; fails with the first failure."""
    if importlib.util.find_spec("pytest") is None:
        yield task.Note("tests", "not run: pytest is not installed (EXTRAS=dev)")
        return
    chosen = ["-m", "gpu" if given.is_cuda else "not gpu and not slow", "-k", _NO_COMPILER]
    paths = _FILES if given.is_cuda else _FILES[:1]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, *paths]
    done = subprocess.run(command, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    lines = done.stdout.strip().splitlines()
    if done.returncode:
        failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
        raise RuntimeError((failed or lines or [f"pytest ends with {done.returncode}"])[0])
    yield task.Note("tests", lines[-1].strip("= "))
