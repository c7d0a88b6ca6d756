"""Leela Zero itself, for comparison: its program, its command line and its heat maps."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

PROGRAM = shutil.which("leelaz") or shutil.which("leelaz", path="/usr/games")
"""The program for 19x19 from Debian's package leela-zero; None if it is not installed."""
needed = pytest.mark.skipif(
    PROGRAM is None, reason="leelaz, of Debian's package leela-zero, is not installed"
)


def command(weights: Path, *options: str, program: str | Path | None = PROGRAM) -> list[str]:
    """Command line of a GTP engine with one thread and without pondering. options: such as "-v", "5"."""
    # A program that was compiled without support for GPUs does not know the option that turns them off.
    cpu_only = ["--cpu-only"] if program == PROGRAM else []
    return [str(program), "--gtp", *cpu_only, "--noponder", "-t", "1", *options, "-w", str(weights)]


def read_heatmaps(text: str, size: int) -> list[tuple[np.ndarray, float]]:
    """Returns policies [A] in thousandths, rounded down, and win rates of the player to move.

    Policies begin with A1 and end with the pass. Leela Zero and our engine print both on stderr.
    """
    pattern = rf"((?:^[ \d]+\n){{{size}}})pass: (\d+)\nwinrate: ([\d.]+)"
    maps = []
    for rows, passing, winrate in re.findall(pattern, text, re.MULTILINE):
        board = np.array([list(map(int, row.split())) for row in rows.splitlines()])
        maps.append((np.append(board[::-1].ravel(), int(passing)), float(winrate)))
    return maps
