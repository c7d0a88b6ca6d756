"""A run as a job of a cluster that is already there, in a world of its own: own network, own processes."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = """
set -eu
ip link set lo up
export HOME={home} RAY_AUTH_MODE=token
mkdir -p /tmp/ray && mount -t tmpfs tmpfs /tmp/ray
ray get-auth-token --generate > /dev/null
ray start --head --num-cpus=3 --object-store-memory=200000000 --disable-usage-stats > {home}/start.log 2>&1
submit() {{
    ray job submit --address http://127.0.0.1:8265 --working-dir {work} -- {python} -m alphazero.run "$@"
}}
submit conf=smoke stop.minutes=4 stop.promotions=null stop.games=40 selfplay.num_games=16 \
    search.num_simulations=4 gate.num_games=2 run.dir={home}/run > {home}/job.log 2>&1 \
    || {{ tail -40 {home}/job.log; exit 1; }}
if submit conf=9X9 > {home}/wrong.log 2>&1; then echo "a wrong conf was accepted"; exit 1; fi
ray stop --force > /dev/null 2>&1
"""


def has_namespaces():
    command = ["unshare", "-n", "-m", "--pid", "--fork", "--kill-child", "--mount-proc", "ip", "link"]
    if not all(shutil.which(name) for name in ("unshare", "ip")):
        return False
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.ray
@pytest.mark.skipif(not has_namespaces(), reason="needs root, unshare and ip for a network of its own")
def test_the_run_works_as_a_job(tmp_path):
    home, work = tmp_path / "h", tmp_path / "w"
    home.mkdir()
    work.mkdir()
    script = SCRIPT.format(home=home, work=work, python=sys.executable)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(PROJECT),
    }
    environment.pop("RAY_ADDRESS", None)
    world = ["unshare", "-n", "-m", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script]
    done = subprocess.run(world, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout + done.stderr
    log = (home / "job.log").read_text()
    assert "the cluster at" in log and "a private cluster" not in log
    assert json.loads((home / "run" / "status.json").read_text())["games"] >= 40
    wrong = (home / "wrong.log").read_text()
    assert "conf=9X9" in wrong and "smoke" in wrong
