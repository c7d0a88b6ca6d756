"""Copies of the project in which a recipe is followed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.recipes import page

PARTS = ("alphazero", "actors", "conf", "docs", "tests", "tools", "pyproject.toml")


def make(folder: Path, recipes: Sequence[page.Recipe]) -> Path:
    """Copies the project into a new folder, and follows the recipes there."""
    for part in PARTS:
        source, target = page.PROJECT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "earlier_run.*"))
        else:
            shutil.copy2(source, target)
    for recipe in recipes:
        page.follow(recipe, folder)
    return folder


def run(project: Path, *arguments: str) -> str:
    """Runs Python in the copy, in a fresh process, and returns its output. Fails unless it succeeds.

    Kernels are not compiled, as that would take longer than the tests.
    """
    environment = os.environ | {
        "PYTHONPATH": str(project),
        "NUMBA_DISABLE_JIT": "1",
        "ALPHAZERO_CACHE_DIR": str(project / "cache"),
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def run_tests(project: Path, *arguments: str) -> str:
    """Runs tests of the copy. Fails unless they pass."""
    return run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments)
