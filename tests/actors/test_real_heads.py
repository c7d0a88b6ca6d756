"""Test of runs with heads of `ray start`: joined, stopped, protected, killed; and with unknown names."""

import json
import sys

import pytest

from tests import private_world

SCRIPT = """
echo "nameserver 127.0.0.3" > $HOME/resolv.conf
echo "hosts: files dns" > $HOME/nsswitch.conf
mount --bind $HOME/resolv.conf /etc/resolv.conf
mount --bind $HOME/nsswitch.conf /etc/nsswitch.conf
{python} -m tests.actors.heads_job $HOME
"""
WITHIN_S = 10


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    output = private_world.run(SCRIPT.format(python=sys.executable), tmp_path_factory.mktemp("heads"), 280)
    found = json.loads(output.splitlines()[-1])
    print({name: (entry["code"], round(entry["seconds"], 1)) for name, entry in found.items()})
    return found


@pytest.mark.ray
@private_world.needed
def test_runs_meet_heads(found):
    def refused(name, expected):
        entry = found[name]
        *_, last = entry["errors"].splitlines()
        assert expected in last and entry["code"] == 2 and entry["seconds"] < WITHIN_S, (name, entry)

    for name in ("joined", "localhost"):
        assert found[name]["code"] == 0, found[name]
        assert "the cluster at 127.0.0.1:6379" in found[name]["output"]
    silence = "=127.0.0.1:6379: the program there does not answer within 5 s; "
    refused("stopped", f"cluster.address{silence}")
    refused("late", f"cluster.address{silence}")
    refused("variable", f"RAY_ADDRESS{silence}")
    refused("other token", "it requires its token")
    refused("no token", "it requires its token")
    refused("unknown name", "cluster.address=nobody.invalid:6379: the name nobody.invalid is unknown; ")
    refused("lookup", "the name nobody.invalid cannot be looked up within 5 s; ")
    interrupted = found["lookup interrupted"]
    assert interrupted["code"] == 130 and interrupted["seconds"] < 3, interrupted


@pytest.mark.ray
@private_world.needed
def test_a_dead_clusters_file_does_not_stop_a_run(found):
    stale = found["stale"]
    assert stale["code"] == 0, stale
    assert "a private cluster on this machine" in stale["output"]
    assert stale["errors"].count("ray_current_cluster") == 1
    assert "nothing answers there (Connection refused); a private cluster starts instead" in stale["errors"]
