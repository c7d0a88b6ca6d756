"""Test that Ray places actors as planned: nodes with eight logical GPUs, and ranks that need one each."""

import collections
import json
import math
import sys

import pytest

from tests import private_world

SCRIPT = """
ray get-auth-token --generate > /dev/null
node="--num-cpus={cpus} --num-gpus=8 --object-store-memory=100000000 --disable-usage-stats"
ray start --head --include-dashboard=false $node > $HOME/start.log 2>&1 || {{ cat $HOME/start.log; exit 1; }}
for _ in $(seq 2 {num_nodes}); do
    ray start --address=127.0.0.1:6379 $node > $HOME/start.log 2>&1 || {{ cat $HOME/start.log; exit 1; }}
done
{python} -m tests.actors.placement_job $HOME/told.json {num_nodes} training.num_ranks={num_ranks} {settings}
ray stop --force > /dev/null 2>&1
"""


@pytest.mark.ray
@pytest.mark.timeout(400)
@private_world.needed
@pytest.mark.parametrize(
    ("num_nodes", "cpus", "num_ranks", "rank_share", "settings"),
    [(1, 5, 2, 1.0, ""), (1, 8, 8, 0.6, ""), (4, 20, 8, 1.0, "cluster.actors_per_gpu=2")],
)
def test_every_actor_is_given_what_the_plan_says(num_nodes, cpus, num_ranks, rank_share, settings, tmp_path):
    script = SCRIPT.format(
        python=sys.executable, num_nodes=num_nodes, cpus=cpus, num_ranks=num_ranks, settings=settings
    )
    private_world.run(script, tmp_path, timeout_s=380)
    told = json.loads((tmp_path / "told.json").read_text())
    by_name = collections.defaultdict(list)
    for actor in told:
        by_name[actor["name"]].append(actor)
    used = collections.defaultdict(float)
    for actor in told:
        assert actor["given"] == pytest.approx(actor["planned"]), actor
        assert actor["is_in_place"] and len(actor["gpus"]) == (1 if actor["planned"]["gpus"] else 0)
        for gpu in actor["gpus"]:
            used[gpu] += actor["given"]["gpus"]
    assert max(used.values()) <= 1 + 1e-6

    ranks = {actor["gpus"][0] for actor in by_name["learner rank"]}
    assert len(by_name["learner rank"]) == len(ranks) == num_ranks, "two ranks are on one GPU"
    assert {actor["given"]["gpus"] for actor in by_name["learner rank"]} == {rank_share}
    assert len({gpu.split()[0] for gpu in ranks}) == 1, "ranks that fit on one node are on several"

    players = collections.Counter(actor["gpus"][0] for actor in by_name["self-play"])
    num_usable = 8 * num_nodes - (num_ranks if rank_share == 1 else 0)
    assert players.total() >= 3
    assert max(players.values()) == math.ceil(players.total() / num_usable), "GPUs are used unevenly"
    if num_nodes > 1:
        assert players.total() == 2 * num_usable and not ranks & players.keys()
        ((evaluators_gpu,),) = (actor["gpus"] for actor in by_name["evaluator"])
        assert evaluators_gpu not in ranks, "the evaluator shares a GPU with a rank"
