"""cluster.yaml passes Ray's own validation, and keeps its promises about places and doors."""

import copy

import pytest
import yaml

autoscaler = pytest.importorskip("ray.autoscaler._private.util")


@pytest.fixture(scope="module")
def cluster(project):
    return yaml.safe_load((project / "cluster.yaml").read_text())


def validate(cluster):
    """What `ray up` does first, without a cloud: defaults, then the schema. Returns the complete settings."""
    complete = autoscaler.prepare_config(copy.deepcopy(cluster))
    autoscaler.validate_config(complete)
    return complete


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
def test_ray_refuses_a_mistake(cluster, place, key, value):
    """The validation that the test above relies on does look."""
    wrong = copy.deepcopy(cluster)
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
        assert "ray start" not in command or "RAY_AUTH_MODE=token" in command
    assert cluster["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"


def test_only_self_play_may_vanish(cluster):
    spot = {
        name
        for name, node_type in cluster["available_node_types"].items()
        if "InstanceMarketOptions" in node_type["node_config"]
    }
    assert spot == {"selfplay_cpu"}


def test_commands_survive_the_shell(cluster):
    """A ~ inside quotes stays a ~: the commands use $HOME there."""
    commands = [*cluster["setup_commands"], *cluster["head_start_ray_commands"]]
    assert [command for command in commands if '"~' in command or "'~" in command] == []
