"""Tests that `ray up cluster.yaml` makes head, key and security group on a server with AWS's protocols."""

import json
import sys

import pytest

from tests import private_world

SCRIPT = """
(umask 077; ray get-auth-token --generate > /dev/null)
export AWS_ENDPOINT_URL=http://127.0.0.1:5555 AWS_ACCESS_KEY_ID=testing AWS_SECRET_ACCESS_KEY=testing
export MOTO_IAM_LOAD_MANAGED_POLICIES=true
{python} -m tests.clusters.aws_head $HOME > $HOME/server.log 2>&1 || {{ tail -20 $HOME/server.log; exit 1; }}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("aws")
    private_world.run(SCRIPT.format(python=sys.executable), folder, timeout_s=200)
    return folder


@pytest.fixture(scope="module")
def made(home):
    return json.loads((home / "made.json").read_text())


pytestmark = [pytest.mark.slow, private_world.needed]


def test_the_head_is_made(made, home):
    assert "Waiting for SSH" in (home / "up.log").read_text(), (home / "up.log").read_text()[-3000:]
    (head,) = made["instances"]
    tags = {tag["Key"]: tag["Value"] for tag in head["Tags"]}
    assert tags["ray-node-type"] == "head" and tags["ray-cluster-name"] == "alphazero"
    assert head["InstanceType"] == "m7i.2xlarge"
    assert "InstanceLifecycle" not in head, "the head must not be a spot machine"


def test_the_key_is_the_clusters_own(made, home):
    """It is not Ray's key of the region, which all clusters of Ray would share."""
    (head,), (key,) = made["instances"], made["keys"]
    assert head["KeyName"] == key["KeyName"] and key["KeyName"].startswith("alphazero")
    (private,) = (home / ".ssh").glob(f"{key['KeyName']}*.pem")
    assert private.stat().st_mode & 0o077 == 0


def test_only_ssh_comes_in_from_outside(made):
    (head,) = made["instances"]
    names = {group["GroupId"] for group in head["SecurityGroups"]}
    (group,) = [group for group in made["groups"] if group["GroupId"] in names]
    wide = ("IpRanges", "Ipv6Ranges", "PrefixListIds")
    outside = [rule for rule in group["IpPermissions"] if any(rule.get(kind) for kind in wide)]
    assert {(rule["FromPort"], rule["ToPort"]) for rule in outside} == {(22, 22)}
    inside = [rule for rule in group["IpPermissions"] if rule["UserIdGroupPairs"]]
    assert all(pair["GroupId"] in names for rule in inside for pair in rule["UserIdGroupPairs"])
