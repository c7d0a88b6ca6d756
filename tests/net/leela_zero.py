"""Leela Zero itself beside us: where it is, how it is started, and the heat maps that it prints."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

PROGRAM = shutil.which("leelaz") or shutil.which("leelaz", path="/usr/games")
"""For 19x19, from Debian's package leela-zero; None where it is not installed."""
needed = pytest.mark.skipif(
    PROGRAM is None, reason="leelaz, of Debian's package leela-zero, is not installed"
)


def command(weights: Path, *options: str, program: str | Path | None = PROGRAM) -> list[str]:
    """Speaks GTP, on one thread and only when asked. options: such as "-v", "5"."""
    # A program that was compiled without graphics cards does not know the option that forbids them.
    forbidden = ["--cpu-only"] if program == PROGRAM else []
    return [str(program), "--gtp", *forbidden, "--noponder", "-t", "1", *options, "-w", str(weights)]


def read_heatmaps(text: str, size: int) -> list[tuple[np.ndarray, float]]:
    """Policies [A] in thousandths, rounded down, A1 first and pass last; and win rates of who is to move.

    Leela Zero prints them on stderr, and so does our engine.
    """
    pattern = rf"((?:^[ \d]+\n){{{size}}})pass: (\d+)\nwinrate: ([\d.]+)"
    maps = []
    for rows, passing, winrate in re.findall(pattern, text, re.MULTILINE):
        board = np.array([list(map(int, row.split())) for row in rows.splitlines()])
        maps.append((np.append(board[::-1].ravel(), int(passing)), float(winrate)))
    return maps
