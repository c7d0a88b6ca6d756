"""Test of a cluster with Ray's autoscaler: it grows with a run, recovers from a loss, and shrinks again."""

import json
import sys

import pytest

from tests import private_world


@pytest.mark.ray
@pytest.mark.timeout(900)
@private_world.needed
def test_a_cluster_grows_with_a_run_and_again_after_a_loss(tmp_path):
    script = f"{sys.executable} -m tests.actors.growing_job $HOME"
    private_world.run(script, tmp_path, timeout_s=800)
    told = json.loads((tmp_path / "told.json").read_text())
    print({name: value for name, value in told.items() if name != "log"})
    # The job fails if one of its waits for nodes and actors times out.
    assert told["nodes at first"] == 1
    assert told["code"] == 130, told["log"]
    assert told.keys() >= {"grown after", "played after", "grown again after", "shrunk after"}
