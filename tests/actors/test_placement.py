"""A plan is what Ray gives: eight logical GPUs, and ranks that need one each."""

import collections
import json
import os
import subprocess
import sys

import pytest

from tests.actors import test_job

SCRIPT = """
set -eu
ip link set lo up
export HOME={home} RAY_AUTH_MODE=token
mkdir -p /tmp/ray && mount -t tmpfs tmpfs /tmp/ray
ray get-auth-token --generate > /dev/null
ray start --head --num-cpus={cpus} --num-gpus=8 --object-store-memory=100000000 --disable-usage-stats \
    --include-dashboard=false > {home}/start.log 2>&1 || {{ cat {home}/start.log; exit 1; }}
{python} -m tests.actors.placement_job training.num_ranks={num_ranks}
ray stop --force > /dev/null 2>&1
"""


@pytest.mark.ray
@pytest.mark.skipif(
    not test_job.has_namespaces(), reason="needs root, unshare and ip for a network of its own"
)
@pytest.mark.parametrize(("num_ranks", "rank_share"), [(3, 1.0), (8, 0.6)])
def test_every_actor_is_given_what_the_plan_says(num_ranks, rank_share, tmp_path):
    script = SCRIPT.format(home=tmp_path, python=sys.executable, num_ranks=num_ranks, cpus=num_ranks + 4)
    environment = {
        **os.environ,
        "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
        "PYTHONPATH": str(test_job.PROJECT),
    }
    world = ["unshare", "-n", "-m", "--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", script]
    done = subprocess.run(
        world, env=environment, cwd=test_job.PROJECT, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    names = collections.Counter(name for name, *_ in told["planned"])
    assert names["learner rank"] == num_ranks and names["self-play"] >= 4
    used = collections.defaultdict(float)
    for (name, node, cpus, share), (given_node, given_cpus, given_share, gpus) in zip(
        told["planned"], told["given"], strict=True
    ):
        assert (given_node, given_cpus, given_share) == (node, pytest.approx(cpus), pytest.approx(share)), (
            name
        )
        assert len(gpus) == (1 if share else 0)
        if gpus:
            used[gpus[0]] += share
    ranks = [
        gpus[0]
        for (name, *_), (*_, gpus) in zip(told["planned"], told["given"], strict=True)
        if name == "learner rank"
    ]
    assert len(set(ranks)) == num_ranks, "two ranks met on one GPU"
    assert {share for name, _, _, share in told["planned"] if name == "learner rank"} == {rank_share}
    assert max(used.values()) <= 1 + 1e-6
