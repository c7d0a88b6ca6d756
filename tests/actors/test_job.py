"""Test of a run as a job of an existing cluster."""

import json
import sys

import pytest

from tests import private_world

SCRIPT = """
mkdir $HOME/work
ray get-auth-token --generate > /dev/null
ray start --head --num-cpus=3 --object-store-memory=200000000 --disable-usage-stats > $HOME/start.log 2>&1
submit() {{
    ray job submit --address http://127.0.0.1:8265 --working-dir $HOME/work -- {python} -m alphazero.run "$@"
}}
submit conf=smoke stop.minutes=4 stop.promotions=null stop.games=40 selfplay.num_games=16 \
    search.num_simulations=4 gate.num_games=2 run.dir=$HOME/run > $HOME/job.log 2>&1 \
    || {{ tail -40 $HOME/job.log; exit 1; }}
if submit conf=9X9 > $HOME/wrong.log 2>&1; then echo "a wrong conf was accepted"; exit 1; fi
ray stop --force > /dev/null 2>&1
"""


@pytest.mark.ray
@private_world.needed
def test_the_run_works_as_a_job(tmp_path):
    private_world.run(SCRIPT.format(python=sys.executable), tmp_path, timeout_s=280)
    log = (tmp_path / "job.log").read_text()
    assert "the cluster at" in log and "a private cluster" not in log
    assert json.loads((tmp_path / "run" / "status.json").read_text())["games"] >= 40
    wrong = (tmp_path / "wrong.log").read_text()
    assert "conf=9X9" in wrong and "smoke" in wrong
