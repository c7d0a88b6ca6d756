"""python -m tests.plants: plants each bug of the list and demands that the tests named with it fail.

Every bug gets a copy of the project, so the tree itself is never touched. Kernels run uncompiled
(NUMBA_DISABLE_JIT=1): to compile them for each bug would take minutes. Exit code 1 when a bug is not
found, or when a test fails without one.
"""

import argparse
import compileall
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent import futures
from pathlib import Path

from tests.plants import listing

PARTS = ("alphazero", "actors", "conf", "tests", "pyproject.toml")
TIME_LIMIT_S = 280
PASSED, TESTS_FAILED = 0, 1
"""Exit codes of pytest; others mean that the tests could not be run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each bug, and what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.plants")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="bugs at a time")
    parser.add_argument("--only", nargs="+", metavar="PART", help="bugs with one of these in their names")
    options = parser.parse_args(arguments)
    parts = options.only or [""]
    plants = [plant for plant in listing.load() if any(part in plant.name for part in parts)]
    if not plants:
        parser.error(f"argument --only: no bug has {' or '.join(parts)} in its name")
    with (
        tempfile.TemporaryDirectory(prefix="plants-") as name,
        futures.ThreadPoolExecutor(options.jobs) as pool,
    ):
        clean = Path(name) / "clean"
        copy_project(clean)
        shutil.copytree(clean, Path(name) / "without-bugs")
        without = pool.submit(passes, Path(name) / "without-bugs", plants)  # first, as it takes longest
        verdicts = [*pool.map(lambda plant: is_found(clean, plant), plants), without.result()]
    num_missed = verdicts.count(False)
    print(f"{num_missed} of {len(verdicts)} checks failed" if num_missed else "all planted bugs were found")
    return 1 if num_missed else 0


def copy_project(target: Path) -> None:
    """What the tests need of the project, compiled to byte code that the copies of the copy can use."""
    target.mkdir()
    for part in PARTS:
        source = listing.PROJECT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target / part)
    compileall.compile_dir(target, quiet=1)


def is_found(clean: Path, plant: listing.Plant) -> bool:
    """Plants the bug in a copy of its own; whether each of its tests fails there."""
    start, folder = time.monotonic(), clean.parent / plant.name
    shutil.copytree(clean, folder)
    (folder / plant.file).write_text(listing.planted(plant, clean))
    code, output = run_tests(folder, plant.tests)
    shutil.rmtree(folder)
    failed = set(re.findall(r"^FAILED ([^\s\[]+)", output, re.MULTILINE))
    missed = [test for test in plant.tests if test not in failed]
    duration = f"{time.monotonic() - start:6.1f} s"
    if code == TESTS_FAILED and not missed:
        print(f"found  {duration}  {plant.name}", flush=True)
        return True
    tests = ", ".join(missed)
    print(f"MISSED {duration}  {plant.name}: by {tests}; exit code {code}\n{output[-2000:]}", flush=True)
    return False


def passes(folder: Path, plants: Sequence[listing.Plant]) -> bool:
    """Runs the same tests without a bug; whether all pass."""
    code, output = run_tests(folder, sorted({test for plant in plants for test in plant.tests}))
    if code != PASSED:
        print(f"tests fail without a bug, exit code {code}\n{output[-2000:]}", flush=True)
    return code == PASSED


def run_tests(folder: Path, tests: Sequence[str]) -> tuple[int, str]:
    """pytest's exit code and output; -1 when it ran out of time."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-rf", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {
        "NUMBA_DISABLE_JIT": "1",
        "HYPOTHESIS_PROFILE": "planted",
        "ALPHAZERO_CACHE_DIR": str(folder / "cache"),
    }
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        return -1, f"not finished after {TIME_LIMIT_S} s"
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
