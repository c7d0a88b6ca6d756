"""Test of learner, self-play and gate on GPUs of other nodes than the driver's, which are lost."""

import json
import sys

import pytest

from tests import private_world


@pytest.mark.ray
@pytest.mark.timeout(900)
@private_world.needed
def test_gpu_nodes_come_and_go(tmp_path):
    script = f"{sys.executable} -m tests.actors.gpu_nodes_job $HOME"
    private_world.run(script, tmp_path, timeout_s=800)
    told = json.loads((tmp_path / "told.json").read_text())
    first, moved, without, again = (told[name] for name in ("first", "moved", "without", "again"))
    assert first["LearnerActor"] == first["EvaluatorActor"] == ["head"]
    assert {*first["LearnerRank"], *first["GatePlayer"], *first["SelfPlayActor"]} <= {
        "gpu-a",
        "gpu-b",
        "gpu-c",
    }
    # One node has the rank, the two others play, and one of them plays the gate's games, too.
    assert len(first["SelfPlayActor"]) == 2 and not {*first["LearnerRank"]} & {*first["SelfPlayActor"]}
    assert len(first["GatePlayer"]) == 1
    assert moved["LearnerRank"] != first["LearnerRank"] and len(moved["LearnerRank"]) == 1
    # With training.device=auto the run continues on the head's CPUs only.
    assert without["LearnerActor"] == ["head"] and set(without["SelfPlayActor"]) == {"head"}
    assert not {"LearnerRank", "GatePlayer"} & without.keys()
    assert again["LearnerRank"] == again["GatePlayer"] == ["gpu-d"]
    assert told["code"] == 130, told["log"]
