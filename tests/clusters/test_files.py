"""The shipped cluster files pass Ray's own validation, and keep their promises about places and doors."""

import copy

import pytest
import yaml

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
    """What `ray up` does first, without a cloud: defaults, then the schema. Returns the complete settings."""
    complete = autoscaler.prepare_config(copy.deepcopy(cluster))
    autoscaler.validate_config(complete)
    return complete


def test_every_file_is_checked(project):
    there = {f"clusters/{path.name}" for path in (project / "clusters").iterdir()}
    assert there | {"cluster.yaml"} == set(FILES)


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
    """The validation that the test above relies on does look."""
    wrong = copy.deepcopy(cloud)
    node = wrong
    for name in place:
        node = node[name]
    node[key] = value
    with pytest.raises(Exception, match=f"{key}|heads"):
        validate(wrong)


def test_doors_are_closed(cluster):
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


def test_commands_survive_the_shell(cluster):
    """A ~ inside quotes stays a ~: the commands use $HOME there."""
    keys = ("setup_commands", "head_start_ray_commands", "worker_start_ray_commands")
    commands = [command for key in keys for command in cluster[key]]
    assert [command for command in commands if '"~' in command or "'~" in command] == []


@pytest.mark.parametrize("name", FILES[1:])
def test_the_parts_that_do_not_depend_on_the_place_are_the_same(name, project):
    """Only the names of extras differ: what a test of one file shows holds for the others."""
    first, other = load(project, FILES[0]), load(project, name)
    for key in (
        "file_mounts",
        "rsync_exclude",
        "rsync_filter",
        "head_start_ray_commands",
        "worker_start_ray_commands",
    ):
        assert other[key] == first[key], key
    plain = [command.replace("[gcp]", "").replace("[aws]", "") for command in other["setup_commands"]]
    assert plain == [command.replace("[aws]", "") for command in first["setup_commands"]]
