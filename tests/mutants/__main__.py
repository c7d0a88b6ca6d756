"""Mutation testing: python -m tests.mutants puts each listed bug into a copy, where its tests must fail.

Every bug gets a copy of the project, so that the tree itself is never touched. Kernels run uncompiled
(NUMBA_DISABLE_JIT=1), because compiling them for each bug would take minutes. The exit code is 1 if a bug is
not found or if a test fails without a bug.
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

from tests.mutants import listing

PARTS = ("alphazero", "actors", "conf", "tests", "pyproject.toml")
TIME_LIMIT_S = 280
PASSED, TESTS_FAILED = 0, 1
"""Exit codes of pytest; others mean that the tests could not be run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each bug; 0 if all are found, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="bugs at a time")
    parser.add_argument("--only", nargs="+", metavar="PART", help="bugs with one of these in their names")
    options = parser.parse_args(arguments)
    parts = options.only or [""]
    mutants = [mutant for mutant in listing.load() if any(part in mutant.name for part in parts)]
    if not mutants:
        parser.error(f"argument --only: no bug has {' or '.join(parts)} in its name")
    with (
        tempfile.TemporaryDirectory(prefix="mutants-") as name,
        futures.ThreadPoolExecutor(options.jobs) as pool,
    ):
        clean = Path(name) / "clean"
        copy_project(clean)
        shutil.copytree(clean, Path(name) / "without-bugs")
        without = pool.submit(passes, Path(name) / "without-bugs", mutants)  # first, as it takes longest
        results = [*pool.map(lambda mutant: is_killed(clean, mutant), mutants), without.result()]
    num_missed = results.count(False)
    print(f"{num_missed} of {len(results)} checks failed" if num_missed else "all mutants were found")
    return 1 if num_missed else 0


def copy_project(target: Path) -> None:
    """Copies the files that the tests need, with byte code that further copies can use."""
    target.mkdir()
    for part in PARTS:
        source = listing.PROJECT / part
        if source.is_dir():
            shutil.copytree(source, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target / part)
    compileall.compile_dir(target, quiet=1)


def is_killed(clean: Path, mutant: listing.Mutant) -> bool:
    """Puts the bug into a separate copy; whether each of its tests fails there."""
    start, folder = time.monotonic(), clean.parent / mutant.name
    shutil.copytree(clean, folder)
    (folder / mutant.file).write_text(listing.mutated(mutant, clean))
    code, output = run_tests(folder, mutant.tests)
    shutil.rmtree(folder)
    failed = set(re.findall(r"^FAILED ([^\s\[]+)", output, re.MULTILINE))
    missed = [test for test in mutant.tests if test not in failed]
    duration = f"{time.monotonic() - start:6.1f} s"
    if code == TESTS_FAILED and not missed:
        print(f"found  {duration}  {mutant.name}", flush=True)
        return True
    tests = ", ".join(missed)
    print(f"MISSED {duration}  {mutant.name}: by {tests}; exit code {code}\n{output[-2000:]}", flush=True)
    return False


def passes(folder: Path, mutants: Sequence[listing.Mutant]) -> bool:
    """Runs all listed tests without a bug; whether all pass."""
    code, output = run_tests(folder, sorted({test for mutant in mutants for test in mutant.tests}))
    if code != PASSED:
        print(f"tests fail without a bug, exit code {code}\n{output[-2000:]}", flush=True)
    return code == PASSED


def run_tests(folder: Path, tests: Sequence[str]) -> tuple[int, str]:
    """pytest's exit code and output; the code is -1 at the time limit."""
    command = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-rf", "-p", "no:cacheprovider", *tests]
    environment = os.environ | {
        "NUMBA_DISABLE_JIT": "1",
        "HYPOTHESIS_PROFILE": "mutants",
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
