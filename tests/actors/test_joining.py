"""Tests of signals and silence while Ray's C++ code joins a cluster."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from actors import joining
from tests.actors import half_head

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def joins():
    """A head that stops during a join, and a run that waits for it."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "RAY_AUTH_MODE": "disabled"}
    with half_head.serve() as head:

        def start(folder):
            words = ["conf=smoke", f"run.dir={folder}", f"cluster.address={head.address}"]
            process = subprocess.Popen(
                [sys.executable, "-m", "alphazero.run", *words],
                env=environment,
                cwd=PROJECT,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert head.was_asked_more.wait(60)
            time.sleep(0.5)  # now Ray waits in C++
            return process

        yield head, start


@pytest.mark.ray
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_join(number, joins, tmp_path):
    _, start = joins
    process = start(tmp_path / "run")
    began = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=100)
    assert time.monotonic() - began < 3
    assert errors == "interrupted; run the same command again\n"
    assert process.returncode == 130
    assert "interrupted" in (tmp_path / "run" / "log.txt").read_text()


@pytest.mark.ray
def test_a_head_that_stops_ends_a_join(joins, tmp_path):
    head, start = joins
    process = start(tmp_path / "run")
    began = time.monotonic()
    head.is_silent.set()
    _, errors = process.communicate(timeout=100)
    assert time.monotonic() - began < 10
    assert errors.startswith(f"cluster.address={head.address}: the program there does not answer within 5 s")
    assert errors.count("\n") == 1
    assert process.returncode == 2


def test_a_join_restores_the_process():
    def state():
        wakeup = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(wakeup)
        return wakeup, signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    before, descriptors, num_joins = state(), len(os.listdir("/proc/self/fd")), 20
    for _ in range(num_joins):
        with joining.watched("cluster.address", f"{half_head.HOST}:1"):
            assert state() != before
    assert state() == before
    assert len(os.listdir("/proc/self/fd")) < descriptors + num_joins
    assert not any("_listen" in thread.name for thread in threading.enumerate())


def test_handlers_that_ray_sets_stay():
    def handler(*_):
        pass

    before = signal.getsignal(signal.SIGTERM)
    try:
        with joining.watched("cluster.address", f"{half_head.HOST}:1"):
            signal.signal(signal.SIGTERM, handler)
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)
