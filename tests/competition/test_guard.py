"""Engines end with us, however we end."""

import os
import signal
import subprocess
import sys
import uuid

import pytest

from alphazero.competition import guard
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
from alphazero.competition import guard
keeper = guard.Guard()
def start(told, **options):
    child = subprocess.Popen({SLEEP!r}, env={{**os.environ, **options.pop("environment", {{}})}}, **options)
    if told:
        keeper.add(child.pid)
    return child
start(True, start_new_session=True)
start(False, start_new_session=True, environment=keeper.environment)
dead = start(True, start_new_session=True)
dead.kill()
keeper.remove(dead.pid)
dead.wait()
print("ready", flush=True)
time.sleep(100)
"""


@pytest.fixture
def mark():
    """NAME=VALUE in the environment of all that a test starts; none of that is left when it ends."""
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
        assert len(playing.processes(mark)) == 4  # itself, its guard, and two sleepers
        parent.send_signal(number)
    playing.wait_until(lambda: not playing.processes(mark))


def start_sleeper(**environment):
    return subprocess.Popen(SLEEP, start_new_session=True, env={**os.environ, **environment})


def test_a_group_that_was_removed_is_left_alone():
    sleeper = start_sleeper()
    with guard.Guard() as keeper:
        keeper.add(sleeper.pid)
        keeper.remove(sleeper.pid)
    assert sleeper.poll() is None
    sleeper.kill()
    sleeper.wait()


def test_closing_ends_what_has_escaped():
    with guard.Guard() as keeper:
        sleeper = start_sleeper(**keeper.environment)
        (mark,) = (f"{name}={value}" for name, value in keeper.environment.items())
        playing.wait_until(lambda: sleeper.pid in playing.processes(mark))
    assert sleeper.wait(5) == -signal.SIGKILL


def test_without_a_guard_the_work_goes_on():
    keeper = guard.Guard()
    keeper._process.kill()
    keeper._process.wait()
    for group in range(3):
        keeper.add(group)
    keeper.close()


def test_a_stopped_guard_does_not_stop_us(monkeypatch):
    monkeypatch.setattr(guard, "_GRACE_S", 0.1)
    keeper = guard.Guard()
    os.kill(keeper._process.pid, signal.SIGSTOP)
    for group in range(20_000):
        keeper.add(10**6 + group)
    keeper.close()
    assert keeper._process.returncode == -signal.SIGKILL


def test_children_do_not_hold_the_pipe():
    keeper = guard.Guard()
    sleeper = start_sleeper()
    keeper.close()
    sleeper.kill()
    sleeper.wait()
    assert keeper._process.returncode == 0
