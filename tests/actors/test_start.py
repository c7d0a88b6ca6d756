"""What a start does at once, what it leaves for later, and what it does not load."""

import os
import subprocess
import sys
import threading

import pytest

from actors import cluster, loop, plan, worker_setup
from alphazero.config import compose
from alphazero.data import run_folder
from alphazero.report import status


class Handle:
    """An actor of which every method answers nothing."""

    def __getattr__(self, name):
        return self

    def remote(self, *arguments):
        return object()


@pytest.mark.slow
def test_the_driver_imports_no_torch(project):
    code = "import sys; from actors import loop; print('torch' in sys.modules, 'openvino' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(("planned", "at_once"), [(1, 1), (2, 1), (5, 4)])
def test_the_last_player_waits_for_the_first_move(planned, at_once, tmp_path, monkeypatch):
    spawned = []
    monkeypatch.setattr(
        loop.Supervisor, "_spawn", lambda self, actor, name, *_: spawned.append(name) or Handle()
    )
    place = plan.Placement(name="self-play", count=planned, cpus=1, gpus=0)
    folder = run_folder.RunFolder(tmp_path)
    supervisor = loop.Supervisor(
        compose.compose(["conf=smoke"]),
        folder,
        plan.Plan(placements={"self-play": place, "learner": place}),
        threading.Event(),
    )
    supervisor._start()
    assert spawned.count("self-play") == at_once
    for first_move_s in (None, 9.0, 9.0):
        supervisor._note_first_move(status.Status(first_move_s=first_move_s))
    assert spawned.count("self-play") == planned
    assert spawned.count("evaluator") == 1
    assert sorted(supervisor._running.values()) == ["evaluator", *(f"self-play {i}" for i in range(planned))]


def test_an_actor_sets_its_process_up_first(monkeypatch):
    calls = []
    monkeypatch.setattr(worker_setup, "set_up", lambda: calls.append("set up"))

    class Player:
        """Plays."""

        def __init__(self, name):
            calls.append(name)

    made = worker_setup.on_start(Player)
    assert (made.__name__, made.__doc__) == ("Player", "Plays.")
    assert isinstance(made("first"), Player)
    assert calls == ["set up", "first"]


def test_variables_for_workers_are_set_only_while_those_start(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("ALPHAZERO_LOG_FILE", raising=False)
    with cluster._environment({"OMP_NUM_THREADS": "1", "ALPHAZERO_LOG_FILE": "log.txt"}):
        assert (os.environ["OMP_NUM_THREADS"], os.environ["ALPHAZERO_LOG_FILE"]) == ("1", "log.txt")
    assert (os.environ["OMP_NUM_THREADS"], "ALPHAZERO_LOG_FILE" in os.environ) == ("7", False)
