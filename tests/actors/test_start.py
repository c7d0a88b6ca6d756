"""Tests of the start of a run: actors that start at once, actors that wait, and unloaded modules."""

import os
import subprocess
import sys
import threading

import pytest

from actors import (
    cluster,
    handles,
    loop,
    messages,
    planning,
    rank_group,
    replanning,
    starting,
    supervision,
    worker_setup,
)
from actors import plan as plans
from alphazero.config import compose
from alphazero.report import panel, status
from alphazero.run_files import run_folder


class Handle:
    """An actor whose methods return nothing."""

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
    monkeypatch.setattr(starting, "start_at", lambda place, actor, name, *_: Handle())
    config = compose.compose(["conf=smoke", "selfplay.num_actors=0"])
    cpus = plans.private_cpus(config, planned)
    node = plans.Node(id="a", name="a", cpus=cpus, gpus=0, is_driver=True)
    made = planning.make_plan(config, [node])
    driver = make_driver(config, tmp_path, made)
    driver._start()
    names = ["learner", *(f"self-play {number}" for number in range(planned))]
    assert driver._supervised.names == names[: 1 + at_once]
    for first_move_s in (None, 9.0, 9.0):
        driver._start_others_after_first_move(status.Status(first_move_s=first_move_s))
    assert sorted(driver._supervised.names) == sorted([*names, "evaluator", "ladder"])


class Nodes:
    """The nodes that a test sets."""

    def __init__(self, nodes):
        self.nodes = nodes

    def refresh(self):
        return self.nodes


def make_driver(config, path, plan, nodes=None):
    replanner = replanning.Replanner(config, nodes or Nodes([]))
    return loop.RunDriver(config, run_folder.RunFolder(path), plan, replanner, threading.Event())


def test_a_node_that_is_lost_before_the_first_move_takes_its_players_along(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(
        starting, "start_at", lambda place, actor, name, *_: made.append((name, place.node.id))
    )
    monkeypatch.setattr(supervision.SupervisedActors, "_begin", lambda self, actor: actor.start())
    nodes = [
        plans.Node(id=name, name=name, cpus=2, gpus=0, is_driver=name == "head")
        for name in ("head", "a", "b")
    ]
    there = Nodes(nodes)
    config = compose.compose(["conf=smoke", "selfplay.num_actors=2", "cluster.grows=true"])
    first = planning.make_plan(config, nodes)
    driver = make_driver(config, tmp_path, first, there)
    driver._start()
    players = [entry for entry in made if entry[0].startswith("self-play")]
    assert len(players) == 1, "one waits for the first move"
    there.nodes = [node for node in nodes if node.id != players[0][1]]
    driver._replanner._checked_at = float("-inf")
    driver._update_plan()
    assert [name for name in driver._supervised.names if name.startswith("self-play")] == ["self-play 0"]
    assert made[-1][0] == "self-play 0" and made[-1][1] != players[0][1]


@pytest.mark.parametrize(
    ("before", "now", "is_asked"),
    [
        ((-1, -1), (-1, -1), False),
        ((20, 0), (20, 0), False),
        ((20, 0), (-1, -1), True),
        ((20, 0), (40, -1), True),
    ],
)
def test_a_weight_store_that_lost_a_network_gets_it_again(before, now, is_asked, tmp_path, monkeypatch):
    asked = []

    class Learner(Handle):
        class publish_again:
            remote = staticmethod(lambda: asked.append(1))

    monkeypatch.setattr(loop.ray, "get", lambda reference: messages.StoredVersions(*versions))
    config = compose.compose(["conf=smoke"])
    cpus = plans.private_cpus(config, 2)
    made = planning.make_plan(config, [plans.Node(id="a", name="a", cpus=cpus, gpus=0, is_driver=True)])
    driver = make_driver(config, tmp_path, made)
    services = handles.Services(replay_buffer=Handle(), weight_store=Handle(), reporter=Handle())
    driver._starter._services = services
    monkeypatch.setattr(driver._supervised, "handle", lambda name: Learner())
    for versions in (before, now):  # noqa: B007  the fake of `ray.get` returns it
        driver._inform_learner(messages.RunProgress(fraction=0, games=0, positions=0))
    assert bool(asked) is is_asked


@pytest.mark.parametrize("uri", [None, "second"])
def test_a_run_that_ends_before_its_first_move_still_mirrors(uri, tmp_path, monkeypatch):
    """It may continue a run that was killed before its last files were mirrored."""
    monkeypatch.setattr(starting, "start_at", lambda place, actor, name, *_: Handle())
    uris = [f"mirror.uri={tmp_path / uri}"] if uri else []
    config = compose.compose(["conf=smoke", "stop.steps=5", *uris])
    cpus = plans.private_cpus(config, 2)
    made = planning.make_plan(config, [plans.Node(id="a", name="a", cpus=cpus, gpus=0, is_driver=True)])
    driver = make_driver(config, tmp_path, made)
    driver._starter._services = handles.Services(
        replay_buffer=Handle(), weight_store=Handle(), reporter=Handle()
    )
    monkeypatch.setattr(driver._supervised, "check", lambda timeout_s: None)
    monkeypatch.setattr(driver, "_report_totals", lambda: None)
    monkeypatch.setattr(loop.ray, "get", lambda reference: status.Status(step=5))
    with panel.Panel(str(tmp_path)) as view:
        driver._watch(view)
    assert driver._supervised.names == (["mirror"] if uri else [])


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


def test_players_wait_until_the_ranks_have_their_gpus(tmp_path, monkeypatch):
    """Otherwise parts of all GPUs might be taken, and none would be free for a rank."""
    made, has_place = [], []
    monkeypatch.setattr(
        starting, "start_at", lambda place, actor, name, *_: made.append((name, place.node.id))
    )
    monkeypatch.setattr(supervision.SupervisedActors, "_begin", lambda self, actor: actor.start())
    monkeypatch.setattr(rank_group, "has_reservation", lambda places: bool(has_place))
    nodes = [
        plans.Node(id=name, name=name, cpus=16, gpus=2 * (name != "head"), is_driver=name == "head")
        for name in ("head", "a", "b")
    ]
    config = compose.compose(["conf=smoke", "selfplay.num_actors=0", "training.num_ranks=2"])
    first = planning.make_plan(config, nodes)
    (ranks,) = first.of(plans.RANK)
    driver = make_driver(config, tmp_path, first, Nodes(nodes))

    def playing():
        return {node for name, node in made if name.startswith("self-play")}

    driver._start()
    assert ranks.node.id not in playing() and len(playing()) >= 1
    monkeypatch.setattr(replanning, "_NODES_S", 0)
    driver._update_plan()
    assert ranks.node.id not in playing()
    has_place.append(True)
    driver._update_plan()
    assert {place.node.id for place in first.of(plans.SELF_PLAY)} == playing()
