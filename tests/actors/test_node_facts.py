"""Tests of node facts: each problem is one line that names the node."""

import dataclasses

import pytest
import ray

from actors import cluster_nodes, node_facts
from actors import plan as plans
from tests.actors.test_plan import config_for

OURS = node_facts.NodeFacts(
    python="3.12.3",
    versions={"torch": "2.13.0+cu129", "numpy": "2.4.1", "ray": "2.60.0"},
    time_s=1e9,
    asked_s=1e9,
    disk=50 << 30,
)
NODE = plans.Node(id="b", name="10.0.0.7", cpus=16, gpus=1)


def judge(device="auto", **changes):
    changed = dict(changes)
    if "versions" in changed:
        changed["versions"] = {**OURS.versions, **changed["versions"]}
    return node_facts.check(config_for(device=device), NODE, dataclasses.replace(OURS, **changed), OURS)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"python": "3.11.9"}, ["Python 3.11.9", "3.12.3"]),
        ({"versions": {"torch": "2.12.1"}}, ["torch 2.12.1", "2.13.0", "constraints.txt"]),
        ({"versions": {"numpy": ""}}, ["numpy is missing", "2.4.1"]),
        ({"versions": {"ray": "2.59.0"}}, ["ray 2.59.0", "2.60.0"]),
        ({"device": "cuda", "versions": {"torch": "2.13.0+cpu"}}, ["declares 1 GPUs", "2.13.0+cpu", "CUDA"]),
    ],
)
def test_a_node_that_cannot_take_part(changes, words):
    (line,), notes = judge(**changes)
    assert line.startswith("10.0.0.7: ") and "\n" not in line and not notes
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time_s": 1e9 - 180}, ["3 min apart", "chrony"]),
        ({"disk": 200 << 20}, ["200 MiB are free"]),
        ({"versions": {"torch": "2.13.0+cpu"}}, ["declares 1 GPUs", "built for CPUs"]),
    ],
)
def test_a_node_with_a_note(changes, words):
    problems, (line,) = judge(**changes)
    assert not problems and line.startswith("10.0.0.7: ") and all(word in line for word in words), line


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"python": "3.12.11"},
        {"time_s": 1e9 + 20},
        {"versions": {"torch": "2.13.0+cu132"}},
        {"device": "cpu", "versions": {"torch": "2.13.0+cpu"}},
    ],
)
def test_irrelevant_differences_are_ignored(changes):
    assert judge(**changes) == ([], [])


def test_nodes_that_do_not_fit_are_left_out_and_named_once(monkeypatch, caplog):
    view = cluster_nodes.Nodes(config_for())
    here = plans.Node(id="a", name="head", cpus=8, gpus=0, is_driver=True)
    alive = [here, NODE]
    monkeypatch.setattr(view, "_alive", lambda: alive)
    monkeypatch.setattr(node_facts, "find", lambda: OURS)
    monkeypatch.setattr(
        node_facts,
        "collect",
        lambda new: {node.id: dataclasses.replace(OURS, python="3.10.1") for node in new},
    )
    assert view.refresh() == view.refresh() == [here]
    assert caplog.text.count("10.0.0.7: Python 3.10.1") == 1
    assert "does without this node" in caplog.text
    lost = dataclasses.replace(NODE, id="d", name="10.0.0.9")
    alive.append(lost)
    reason = "ModuleNotFoundError: No module named 'actors'"
    monkeypatch.setattr(node_facts, "collect", lambda new: {node.id: reason for node in new})
    assert view.refresh() == [here]
    assert f"10.0.0.9: a first task failed there: {reason}; the run does" in caplog.text
    # A node that does not answer in time is accepted.
    other = dataclasses.replace(NODE, id="c", name="10.0.0.8")
    alive.append(other)
    monkeypatch.setattr(node_facts, "collect", lambda new: {})
    assert view.refresh() == [here, other]


@pytest.mark.ray
def test_facts_come_from_the_node_itself():
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        (node,) = cluster_nodes.Nodes(config_for())._alive()
        found = node_facts.collect([node])[node.id]
    finally:
        ray.shutdown()
    assert isinstance(found, node_facts.NodeFacts)
    assert found.versions == node_facts.find().versions and found.versions["ray"] == ray.__version__
    assert abs(found.time_s - found.asked_s) < 30 and found.disk > 0
