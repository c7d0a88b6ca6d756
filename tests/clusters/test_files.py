"""Tests of the shipped cluster files: Ray's own validation, places of files and machines, and open ports."""

import copy
import re

import pytest
import yaml

from tests.clusters import test_kubernetes

autoscaler = pytest.importorskip("ray.autoscaler._private.util")

FILES = ("cluster.yaml", "clusters/gcp.yaml", "clusters/on_premises.yaml")
CLOUDS = FILES[:2]


def load(project, name):
    return yaml.safe_load((project / name).read_text())


@pytest.fixture(params=FILES)
def cluster(request, project):
    return load(project, request.param)


@pytest.fixture(params=CLOUDS)
def cloud(request, project):
    return load(project, request.param)


def validate(cluster):
    """Runs the first steps of `ray up`, without a cloud: defaults and schema. Returns all settings."""
    complete = autoscaler.prepare_config(copy.deepcopy(cluster))
    autoscaler.validate_config(complete)
    return complete


def test_every_file_is_checked(project):
    there = {f"clusters/{path.name}" for path in (project / "clusters").glob("*.yaml")}
    others = {f"clusters/{name}" for name in test_kubernetes.NAMES}
    assert there | {"cluster.yaml"} == {*FILES, *others}


def test_ray_accepts_it(cluster):
    complete = validate(cluster)
    assert complete["head_node_type"] in complete["available_node_types"]


@pytest.mark.parametrize(
    ("place", "key", "value"),
    [
        ((), "setup_comands", []),
        (("available_node_types", "gpu"), "min_worker", 1),
        (("available_node_types", "gpu", "resources"), "GPU", 0.5),
        ((), "head_node_type", "heads"),
    ],
)
def test_ray_refuses_a_mistake(cloud, place, key, value):
    """The validation of the test above finds mistakes."""
    wrong = copy.deepcopy(cloud)
    node = wrong
    for name in place:
        node = node[name]
    node[key] = value
    with pytest.raises(Exception, match=f"{key}|heads"):
        validate(wrong)


def test_dashboards_are_local_and_tokens_required(cluster):
    head = " ".join(cluster["head_start_ray_commands"])
    assert "--dashboard-host=127.0.0.1" in head
    assert "--host 127.0.0.1 --port 6006" in head
    assert "0.0.0.0" not in yaml.dump(cluster)
    starts = [*cluster["head_start_ray_commands"], *cluster["worker_start_ray_commands"]]
    for command in starts:
        assert ".venv/bin/ray start" not in command or "RAY_AUTH_MODE=token" in command
    assert cluster["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"


def test_only_self_play_may_vanish(cloud):
    spot = {
        name
        for name, node_type in cloud["available_node_types"].items()
        if "MarketType" in str(node_type["node_config"]) or "SPOT" in str(node_type["node_config"])
    }
    assert spot == {"selfplay_cpu"}


def test_nothing_is_kept_without_work(cloud):
    """A cluster without a run costs only its head, and the dearest machines must be enabled first."""
    kinds = cloud["available_node_types"].values()
    assert all(kind["min_workers"] == 0 for kind in kinds)
    assert [kind["max_workers"] for kind in kinds if kind["resources"].get("GPU", 0) >= 8] == [0]


def test_machines_with_several_gpus_are_there(cloud):
    assert {kind["resources"].get("GPU", 0) for kind in cloud["available_node_types"].values()} == {
        0,
        1,
        4,
        8,
    }


def test_all_machines_are_in_one_zone(cloud):
    zone = cloud["provider"]["availability_zone"]
    assert zone.startswith(cloud["provider"]["region"]) and "," not in zone
    assert "SubnetIds" not in yaml.dump(cloud)


def test_workers_end_without_a_head(cloud):
    """A shutdown is scheduled in the first minute; watch_head.sh cancels and repeats it."""
    workers = {name: kind for name, kind in cloud["available_node_types"].items() if name != "head"}
    for name, kind in workers.items():
        assert "shutdown -P +60" in str(kind["node_config"]), name
        if cloud["provider"]["type"] == "aws":
            assert kind["node_config"]["InstanceInitiatedShutdownBehavior"] == "terminate", name
    assert "shutdown" not in str(cloud["available_node_types"]["head"])
    assert "watch_head.sh 10 " in cloud["worker_start_ray_commands"][-1]


def test_own_machines_stay_on(project):
    assert "watch_head.sh >" in load(project, FILES[2])["worker_start_ray_commands"][-1]


def test_disks_are_fast(project):
    aws, gcp = (load(project, name)["available_node_types"].values() for name in CLOUDS)
    for kind in aws:
        assert {disk["Ebs"]["VolumeType"] for disk in kind["node_config"]["BlockDeviceMappings"]} == {"gp3"}
    zone = load(project, CLOUDS[1])["provider"]["availability_zone"]
    for kind in gcp:
        types = {disk["initializeParams"]["diskType"] for disk in kind["node_config"]["disks"]}
        assert types == {f"zones/{zone}/diskTypes/pd-balanced"}


def test_runs_lie_outside_of_the_mounted_folder(cluster):
    """Ray reads every file below a mount before it sets up a worker, even excluded ones."""
    (board,) = [line for line in cluster["head_start_ray_commands"] if "tensorboard" in line]
    logs = re.findall(r"--logdir (\S+)", board)
    assert logs == ["~/runs"]
    assert [mount for mount in cluster["file_mounts"] if f"{logs[0]}/".startswith(f"{mount}/")] == []


def test_the_scripts_that_commands_name_are_there(cluster, project):
    named = set(re.findall(r"~/alphazero/(clusters/\S+\.sh)", yaml.dump(cluster, width=1000)))
    assert named == {"clusters/check_node.sh", "clusters/watch_head.sh"}
    assert all((project / name).is_file() for name in named)
    order = [command.partition(" ~/.venv")[0].rpartition("/")[2] for command in cluster["setup_commands"]]
    install = next(i for i, command in enumerate(cluster["setup_commands"]) if "pip install" in command)
    assert order.index("check_node.sh driver") < install < order.index("check_node.sh cuda")


def test_commands_survive_the_shell(cluster):
    """A ~ inside quotes stays a ~: the commands use $HOME there."""
    keys = ("setup_commands", "head_start_ray_commands", "worker_start_ray_commands")
    commands = [command for key in keys for command in cluster[key]]
    assert [command for command in commands if '"~' in command or "'~" in command] == []


@pytest.mark.parametrize("name", FILES[1:])
def test_the_parts_that_do_not_depend_on_the_place_are_the_same(name, project):
    """Only names of extras and the power-off differ, so that tests of one file hold for the others."""
    first, other = load(project, FILES[0]), load(project, name)
    for key in (
        "file_mounts",
        "rsync_exclude",
        "rsync_filter",
        "head_start_ray_commands",
    ):
        assert other[key] == first[key], key
    starts = [each["worker_start_ray_commands"] for each in (first, other)]
    assert starts[1] == starts[0] or [line.replace(".sh 10 ", ".sh ") for line in starts[0]] == starts[1]
    plain = [command.replace("[gcp]", "").replace("[aws]", "") for command in other["setup_commands"]]
    assert plain == [command.replace("[aws]", "") for command in first["setup_commands"]]
