"""Ranks end together, with one line that names the rank that failed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alphazero.supervised import rank_processes

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).resolve().parents[2]


def finish(number, address, stop, folder):
    (folder / f"{number}").write_text(address)


def fail(number, address, stop, how):
    if number == 1 and how == "value":
        raise ValueError("the user's mistake")
    if number == 1 and how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "both" or number == 1:
        raise RuntimeError("of the others\nand a second line")
    time.sleep(60)


def stop_event():
    return multiprocessing.get_context("spawn").Event()


def test_all_ranks_finish(tmp_path):
    rank_processes.run(finish, 2, (tmp_path,), stop_event())
    addresses = {path.read_text() for path in tmp_path.iterdir()}
    assert len(addresses) == 1 and addresses.pop().startswith("file:///")


@pytest.mark.parametrize(
    ("how", "kind", "line"),
    [
        ("value", ValueError, "^the user's mistake$"),
        ("killed", RuntimeError, "^rank 1 ended by signal 9; run the same command again$"),
        ("error", RuntimeError, "^rank 1: of the others; run the same command again$"),
        ("both", RuntimeError, "^rank 0: of the others; run the same command again$"),
    ],
)
def test_a_failure_ends_all(how, kind, line):
    began = time.monotonic()
    with pytest.raises(kind, match=line):
        rank_processes.run(fail, 2, (how,), stop_event())
    assert time.monotonic() - began < 30


def run_job(name, **environment):
    command = [sys.executable, "-m", "tests.supervised.signal_job", name]
    done = subprocess.run(command, env={**os.environ, **environment}, cwd=PROJECT, timeout=120)
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_reaches_the_ranks_and_they_end_by_themselves(name):
    run_job("ranks", SIGNAL=name)


def test_a_second_signal_does_not_wait():
    run_job("twice")
