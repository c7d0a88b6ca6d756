"""Comparison with GNU Go 3.8: sends all commands of a test to one process at once.

Single commands would cost two process switches each, which take far longer than the answers on a busy
machine.
"""

import shutil
import subprocess

import numpy as np
import pytest

from alphazero.config import game as game_config
from alphazero.go import rules

PROGRAM = shutil.which("gnugo") or shutil.which("gnugo", path="/usr/games")
LONGEST_GAME = 499
"""Moves that GNU Go remembers for superko; MAX_MOVE_HISTORY in engine/board.c is 500."""

needed = pytest.mark.skipif(PROGRAM is None, reason="gnugo is not installed")


def ask(
    commands: list[str], *, ko: game_config.Ko = game_config.Ko.positional, suicide: bool = False
) -> list[str]:
    """Answers to GTP commands, without "=" and surrounding space. An answer that starts with "?" is an error.

    suicide: whether suicide of several stones is legal.
    """
    ko_option = "--simple-ko" if ko is game_config.Ko.simple else f"--{ko.value}-superko"
    suicide_option = "--allow-suicide" if suicide else "--forbid-suicide"
    program = [PROGRAM or "", "--mode", "gtp", "--chinese-rules", ko_option, suicide_option]
    text = "\n".join([*commands, "quit\n"])
    done = subprocess.run(program, input=text, capture_output=True, text=True, timeout=280, check=True)
    answers = done.stdout.split("\n\n")[: len(commands)]
    assert len(answers) == len(commands), done.stdout[-200:]
    return [answer.removeprefix("=").strip() for answer in answers]


def new_game(size: int) -> list[str]:
    """Commands that clear the board."""
    return [f"boardsize {size}", "clear_board"]


def move(color: int, action: int, size: int) -> str:
    """The command that plays a stone or a pass."""
    return f"play {rules.COLOR_NAMES[color]} {rules.format_move(action, size)}"


def mask(answer: str, size: int) -> np.ndarray:
    """[P] bool of an answer that lists points."""
    points = np.zeros(size**2, np.bool_)
    points[[rules.parse_move(name, size) for name in answer.split()]] = True
    return points
