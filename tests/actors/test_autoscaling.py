"""Tests of requests to the autoscaler: by one run as it grows, and by several together."""

import dataclasses

import pytest
import yaml

from actors import autoscaling, planning
from actors import plan as plans
from tests.actors.test_plan import config_for, nodes_of

GPU_TYPE = autoscaling.AutoscalerNodeType(name="gpu", resources={"CPU": 16.0, "GPU": 1.0}, most=4)
CPU_TYPE = autoscaling.AutoscalerNodeType(name="cpu", resources={"CPU": 32.0}, most=-1)


@pytest.mark.parametrize(
    ("device", "types", "has_gpus"),
    [
        ("auto", [], False),
        ("auto", [CPU_TYPE], False),
        ("auto", [CPU_TYPE, GPU_TYPE], True),
        ("auto", [dataclasses.replace(GPU_TYPE, most=0)], False),
        ("cuda", [], True),
        ("cpu", [GPU_TYPE], False),
    ],
)
def test_gpus_are_requested_if_nodes_may_have_some(device, types, has_gpus):
    rank, selfplay = autoscaling.demands(config_for(device=device), None, types)
    assert rank == ({"CPU": 0.5, "GPU": 1.0} if has_gpus else {"CPU": 0.5})
    assert selfplay == ({"CPU": 1.0, "GPU": 0.25} if has_gpus else {"CPU": 1.0})


def test_self_play_is_requested_for_the_learner_s_capacity():
    config = config_for(grows=True)

    def players(nodes, capacity, config=config):
        made = planning.make_plan(config, nodes)
        return len(autoscaling.demands(config, made, [CPU_TYPE], capacity)) - 1, made.num_selfplay_actors

    few = nodes_of((8, 0))
    assert players(few, None) == (7, 7), "the capacity is not known yet"
    assert players(few, 10.7) == (10, 7)
    assert players(few, 1000) == (14, 7), "no more than twice as many at once"
    assert players(few, 3) == (7, 7), "existing actors are kept"
    # After the loss of half of the nodes the same learner makes the same request again.
    assert players(nodes_of((8, 0), (16, 0), (16, 0)), 39) == (39, 39)
    assert players(nodes_of((8, 0), (16, 0)), 39) == (39, 23)
    config.cluster.max_nodes = 3
    assert players(nodes_of((8, 0), (16, 0), (16, 0)), 99) == (39, 39), "cluster.max_nodes is reached"
    assert players(nodes_of((8, 0), (16, 0)), 99) == (34, 23), "half as many nodes again"
    wanted = config_for(num_actors=50, grows=True)
    assert players(few, 3, wanted) == (50, 7), "selfplay.num_actors is requested"


class Store:
    """A fake of Ray's key-value store and autoscaler, common to all runs of a cluster."""

    def __init__(self):
        self.texts = {}
        self.asked = []

    def put(self, key, text):
        self.texts[key] = text

    def get(self, key):
        return self.texts.get(key)

    def delete(self, key):
        self.texts.pop(key, None)

    def keys(self, prefix):
        return [key for key in self.texts if key.startswith(prefix)]

    def request(self, bundles):
        self.asked.append(bundles)


def test_runs_of_a_cluster_ask_together_and_one_s_end_leaves_the_other_s():
    store, now = Store(), [1000.0]
    first, second = (autoscaling.Requests(name, store, lambda: now[0]) for name in ("first", "second"))
    first.update([{"CPU": 1.0}])
    second.update([{"CPU": 2.0}, {"CPU": 2.0}])
    assert len(store.asked) == 2
    assert store.asked[-1] == [{"CPU": 1.0}, {"CPU": 2.0}, {"CPU": 2.0}]
    first.update([{"CPU": 1.0}])
    assert len(store.asked) == 2, "an unchanged request is not repeated at once"
    now[0] += 61
    first.update([{"CPU": 1.0}])
    assert len(store.asked) == 3
    second.withdraw()
    assert store.asked[-1] == [{"CPU": 1.0}]


def test_the_request_of_a_driver_that_is_gone_is_forgotten():
    store, now = Store(), [1000.0]
    autoscaling.Requests("gone", store, lambda: now[0]).update([{"CPU": 64.0}])
    now[0] += 301
    autoscaling.Requests("alive", store, lambda: now[0]).update([{"CPU": 1.0}])
    assert store.asked[-1] == [{"CPU": 1.0}] and len(store.texts) == 1


def test_a_plan_without_a_learner_asks_for_one():
    config = config_for(device="cuda", grows=True)
    nodes = nodes_of((8, 0), (16, 1))
    before = planning.make_plan(config, nodes)
    lost = planning.make_plan(config, nodes[:1], before=before)
    assert lost.one(plans.LEARNER) is None
    assert autoscaling.demands(config, lost)[0] == {"CPU": 0.5, "GPU": 1.0}


def test_existing_actors_are_requested_unchanged():
    """Actors on CPUs need no GPU, and a rank with a part of a GPU does not need a whole one."""
    config = config_for(device="auto", grows=True)
    made = planning.make_plan(config, nodes_of((8, 0), (16, 1)))
    asked = autoscaling.demands(config, made, [], capacity=1.0)
    assert sum(bundle.get("GPU", 0) for bundle in asked) <= 1
    assert sum(bundle["CPU"] for bundle in asked) <= 24
    more = autoscaling.demands(config, made, [], capacity=100.0)
    assert more[: len(asked)] == asked and {tuple(bundle.items()) for bundle in more[len(asked) :]} == {
        (("CPU", 1.0), ("GPU", 0.25))
    }


def test_a_learner_on_cpus_requests_a_gpu_if_nodes_may_have_one():
    config = config_for(device="auto", grows=True)
    made = planning.make_plan(config, nodes_of((8, 0)))
    assert autoscaling.demands(config, made, [])[0] == {"CPU": 0.5}
    assert autoscaling.demands(config, made, [GPU_TYPE])[0] == {"CPU": 0.5, "GPU": 1.0}


def test_types_come_from_the_file_of_ray_up(tmp_path):
    file = tmp_path / "ray_bootstrap_config.yaml"
    assert autoscaling.node_types(file) == []
    file.write_text("available_node_types: [1")
    assert autoscaling.node_types(file) == []
    kinds = {
        "gpu": {"resources": {"CPU": 16, "GPU": 1}, "max_workers": 4, "node_config": {}},
        "head": {"resources": {"CPU": 8}, "max_workers": 0, "node_config": {}},
    }
    file.write_text(yaml.safe_dump({"available_node_types": kinds}))
    found = {kind.name: kind for kind in autoscaling.node_types(file)}
    assert (found["gpu"].resources, found["gpu"].most) == ({"CPU": 16, "GPU": 1}, 4)
    assert found["head"].most == 0
