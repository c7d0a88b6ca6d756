"""A plan is what Ray gives: eight logical GPUs, and ranks that need one each."""

import collections
import json
import sys

import pytest

from tests import private_world

SCRIPT = """
ray get-auth-token --generate > /dev/null
ray start --head --num-cpus={cpus} --num-gpus=8 --object-store-memory=100000000 --disable-usage-stats \
    --include-dashboard=false > $HOME/start.log 2>&1 || {{ cat $HOME/start.log; exit 1; }}
{python} -m tests.actors.placement_job $HOME/told.json training.num_ranks={num_ranks}
ray stop --force > /dev/null 2>&1
"""


@pytest.mark.ray
@private_world.needed
@pytest.mark.parametrize(("num_ranks", "rank_share"), [(2, 1.0), (8, 0.6)])
def test_every_actor_is_given_what_the_plan_says(num_ranks, rank_share, tmp_path):
    cpus = num_ranks // 2 + 4
    script = SCRIPT.format(python=sys.executable, num_ranks=num_ranks, cpus=cpus)
    private_world.run(script, tmp_path, timeout_s=280)
    told = json.loads((tmp_path / "told.json").read_text())
    names = collections.Counter(actor["name"] for actor in told)
    assert names["learner rank"] == num_ranks and names["self-play"] >= 3
    used = collections.defaultdict(float)
    for actor in told:
        assert actor["given"] == pytest.approx(actor["planned"]), actor
        assert actor["is_in_place"] and len(actor["gpus"]) == (1 if actor["planned"]["gpus"] else 0)
        for gpu in actor["gpus"]:
            used[gpu] += actor["given"]["gpus"]
    ranks = [actor for actor in told if actor["name"] == "learner rank"]
    assert len({actor["gpus"][0] for actor in ranks}) == num_ranks, "two ranks met on one GPU"
    assert {actor["given"]["gpus"] for actor in ranks} == {rank_share}
    assert max(used.values()) <= 1 + 1e-6
    players = [actor["gpus"][0] for actor in told if actor["name"] == "self-play"]
    assert len(set(players)) == len(players), "players share a GPU while others have none"
