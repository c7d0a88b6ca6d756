"""Tests of the machines that Ray's autoscaler would start for the shipped cluster files, without a cloud."""

import copy

import pytest
import yaml

util = pytest.importorskip("ray.autoscaler._private.util")
from ray.autoscaler.v2 import scheduler  # noqa: E402  where Ray is
from ray.autoscaler.v2.instance_manager import config as instance_config  # noqa: E402
from ray.autoscaler.v2.utils import ResourceRequestUtil  # noqa: E402

messages = pytest.importorskip("ray.core.generated.autoscaler_pb2")
FILES = ("cluster.yaml", "clusters/gcp.yaml")


@pytest.fixture(params=FILES)
def kinds(request, project):
    """The types of machines in the autoscaler's form."""
    cluster = yaml.safe_load((project / request.param).read_text())
    complete = util.prepare_config(copy.deepcopy(cluster))
    config = instance_config.AutoscalingConfig(complete, skip_content_hash=True)
    return config.get_node_type_configs()


def started(kinds, shapes, **failed):
    """Machines that are started for actors of these shapes; `failed`: availability of a type, 0 to 1."""
    requests = [
        messages.ResourceRequestByCount(request=ResourceRequestUtil.make(shape), count=count)
        for shape, count in shapes
    ]
    asked = scheduler.SchedulingRequest(
        disable_launch_config_check=True,
        node_type_configs=kinds,
        max_num_nodes=40,
        resource_requests=requests,
        cloud_resource_availabilities=failed,
        recoverable_resource_availabilities=failed,
    )
    reply = scheduler.ResourceDemandScheduler().schedule(asked)
    counts: dict[str, int] = {}
    for launch in reply.to_launch:
        counts[launch.instance_type] = counts.get(launch.instance_type, 0) + launch.count
    counts.pop("head", None)
    return counts


def num_cpus(kinds):
    return int(kinds["selfplay_cpu"].resources["CPU"])


def test_nothing_is_started_without_work(kinds):
    assert started(kinds, []) == {}


def test_self_play_takes_spot_machines(kinds):
    assert started(kinds, [({"CPU": 1}, 2 * num_cpus(kinds))]) == {"selfplay_cpu": 2}


def test_without_spot_machines_others_are_started(kinds):
    actors = [({"CPU": 1}, 2 * num_cpus(kinds))]
    assert started(kinds, actors, selfplay_cpu=0.0) == {"selfplay_cpu_on_demand": 2}


@pytest.mark.parametrize(("num_gpus", "kind"), [(1, "gpu"), (4, "gpu_4")])
def test_gpus_are_taken_where_they_fit(kinds, num_gpus, kind):
    assert started(kinds, [({"GPU": num_gpus, "CPU": 1}, 1)]) == {kind: 1}


def test_the_dearest_machine_is_never_started_by_itself(kinds):
    assert started(kinds, [({"GPU": 8, "CPU": 1}, 1)]) == {}
