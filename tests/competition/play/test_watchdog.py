"""Tests of the watchdog: engines end with this process, even if it is killed."""

import os
import signal
import subprocess
import sys
import uuid

import pytest

from alphazero.competition.play import watchdog
from tests.competition import playing

SLEEP = [
    sys.executable,
    "-I",
    "-S",
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(100)",
]
PARENT = f"""
import os, subprocess, sys, time
from alphazero.competition.play import watchdog
registry = watchdog.Watchdog()
def start(registered, **options):
    child = subprocess.Popen({SLEEP!r}, env={{**os.environ, **options.pop("environment", {{}})}}, **options)
    if registered:
        registry.add(child.pid)
    return child
start(True, start_new_session=True)
start(False, start_new_session=True, environment=registry.environment)
dead = start(True, start_new_session=True)
dead.kill()
registry.remove(dead.pid)
dead.wait()
print("ready", flush=True)
time.sleep(100)
"""


@pytest.fixture
def mark():
    """NAME=VALUE in the environment of all processes of a test; kills and reports those that remain."""
    token = f"TEST_MARK={uuid.uuid4().hex}"
    yield token
    left = playing.processes(token)
    for process_id in left:
        os.kill(process_id, signal.SIGKILL)
    assert left == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_killed_parent_leaves_nothing(number, mark, project):
    name, _, value = mark.partition("=")
    environment = {**os.environ, name: value, "PYTHONPATH": str(project)}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        assert parent.stdout.readline() == "ready\n"
        assert len(playing.processes(mark)) == 4  # the parent, its watchdog, and two sleepers
        parent.send_signal(number)
    playing.wait_until(lambda: not playing.processes(mark))


def start_sleeper(**environment):
    return subprocess.Popen(SLEEP, start_new_session=True, env={**os.environ, **environment})


def test_a_group_that_was_removed_is_left_alone():
    sleeper = start_sleeper()
    with watchdog.Watchdog() as registry:
        registry.add(sleeper.pid)
        registry.remove(sleeper.pid)
    assert sleeper.poll() is None
    sleeper.kill()
    sleeper.wait()


def test_closing_kills_processes_that_left_their_group():
    with watchdog.Watchdog() as registry:
        sleeper = start_sleeper(**registry.environment)
        (mark,) = (f"{name}={value}" for name, value in registry.environment.items())
        playing.wait_until(lambda: sleeper.pid in playing.processes(mark))
    assert sleeper.wait(5) == -signal.SIGKILL


def test_a_dead_helper_does_not_stop_this_process():
    registry = watchdog.Watchdog()
    registry._process.kill()
    registry._process.wait()
    for group in range(3):
        registry.add(group)
    registry.close()


def test_a_stopped_helper_does_not_block_this_process(monkeypatch):
    monkeypatch.setattr(watchdog, "_GRACE_S", 0.1)
    registry = watchdog.Watchdog()
    os.kill(registry._process.pid, signal.SIGSTOP)
    for group in range(20_000):
        registry.add(10**6 + group)
    registry.close()
    assert registry._process.returncode == -signal.SIGKILL


def test_children_do_not_hold_the_pipe():
    registry = watchdog.Watchdog()
    sleeper = start_sleeper()
    registry.close()
    sleeper.kill()
    sleeper.wait()
    assert registry._process.returncode == 0
