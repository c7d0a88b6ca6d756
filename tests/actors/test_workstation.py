"""Test of one machine with four logical GPUs: two for the learner's ranks, two for self-play."""

import json
import re
import sys

import pytest

from tests import private_world, tiny_run

SCRIPT = """
unset RAY_AUTH_MODE
export TMPDIR=/tmp RAY_OVERRIDE_RESOURCES='{{"GPU": 4}}'
{python} -m alphazero.run {words} run.dir=$HOME/run > $HOME/out.log 2>&1 || {{ cat $HOME/out.log; exit 1; }}
"""
WORDS = [
    *tiny_run.WORDS,
    "cluster=workstation",
    "cluster.actors_per_gpu=1",
    "selfplay.num_actors=0",
    "training.num_ranks=2",
    "training.device=auto",
    "stop.promotions=1",
]


@pytest.mark.ray
@pytest.mark.timeout(320)
@private_world.needed
def test_ranks_and_players_have_gpus_of_their_own(tmp_path):
    script = SCRIPT.format(python=sys.executable, words=" ".join(WORDS))
    private_world.run(script, tmp_path, timeout_s=300)
    told = (tmp_path / "out.log").read_text()
    assert re.search(r"4 GPU\b", told), told
    assert re.search(r"2 x learner rank +[\d.]+ CPU, 1 GPU\n", told), told
    assert re.search(r"2 x self-play +[\d.]+ CPU, 0.9 GPU\n", told), told  # the evaluator has a tenth
    status = json.loads((tmp_path / "run" / "status.json").read_text())
    assert status["promotions"] >= 1 and status["actors"] == 2
