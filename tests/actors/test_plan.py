"""Tests of the plan: actors are distributed over the nodes, or refused in one line."""

import dataclasses

import numpy as np
import pytest

from actors import plan as plans
from actors import planning
from alphazero.config import cluster as cluster_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.report import aggregator


def config_for(num_actors=0, device="cpu", num_ranks=1, grows=False):
    config = schema.Config()
    config.selfplay.num_actors = num_actors
    config.training.device = training_config.Device(device)
    config.training.num_ranks = num_ranks
    config.cluster.grows = grows
    return config


def nodes_of(*resources):
    """Nodes with (CPUs, GPUs) each, the driver's first."""
    return [
        plans.Node(id=f"id{number}", name=f"10.0.0.{number}", cpus=cpus, gpus=gpus, is_driver=number == 0)
        for number, (cpus, gpus) in enumerate(resources)
    ]


def counts(made, name=plans.SELF_PLAY):
    """Number of actors by node."""
    return {place.node.id: place.count for place in made.of(name)}


@pytest.mark.parametrize(("cores", "actors"), [(1, 1), (2, 2), (8, 8)])
def test_a_private_cluster_gives_every_core_to_self_play(cores, actors):
    config = config_for()
    made = planning.make_plan(config, nodes_of((plans.private_cpus(config, cores), 0)))
    assert made.num_selfplay_actors == actors


@pytest.mark.parametrize("num_ranks", [1, 2])
def test_nothing_is_overbooked(num_ranks):
    """A plan's shares fit on its nodes, and on their GPUs one after the other."""
    config = config_for(device="auto", num_ranks=num_ranks)
    for cpus in range(3, 24, 4):
        for gpus in (0, 2, 3, 8):
            for other in ([], [(16, 0)], [(16, 4), (7, 1)]):
                nodes = nodes_of((cpus, gpus), *other)
                made = planning.make_plan(config, nodes)
                for node in nodes:
                    here = [place for place in made.placements if place.node == node]
                    assert sum(place.count * place.cpus for place in here) <= node.cpus + 1e-9
                    left = [10_000] * int(node.gpus)
                    shares = [round(10_000 * place.gpus) for place in here for _ in range(place.count)]
                    for share in sorted(shares, reverse=True):
                        if share:
                            fitting = [index for index, free in enumerate(left) if free >= share]
                            assert fitting, made.text()
                            left[min(fitting, key=left.__getitem__)] -= share


def test_gpus_share_the_cpus_of_their_node():
    """A rank has one of two GPUs, the gate's games have a tenth of the other."""
    made = planning.make_plan(config_for(device="auto"), nodes_of((8, 0), (32, 0), (16, 2)))
    assert counts(made) == {"id0": 7, "id1": 32, "id2": 4}
    (on_gpu,) = [place for place in made.of(plans.SELF_PLAY) if place.node.id == "id2"]
    # 16 CPUs minus a half for the rank and one for the gate's games.
    assert (on_gpu.cpus, on_gpu.gpus) == (3, 0.225)
    assert {place.gpus for place in made.of(plans.SELF_PLAY) if place.node.id != "id2"} == {0}
    assert [(place.node.id, place.gpus) for place in made.ranks] == [("id2", 1.0)]
    gate_player = made.one(plans.GATE_PLAYER)
    assert gate_player is not None and (gate_player.node.id, gate_player.gpus) == ("id2", 0.1)
    for name in (plans.LEARNER, plans.EVALUATOR):
        place = made.one(name)
        assert place is not None and place.node.is_driver and place.gpus == 0


def test_a_driver_with_a_gpu_plays_the_gate_s_games_itself():
    made = planning.make_plan(config_for(device="auto"), nodes_of((16, 2), (16, 1)))
    evaluator = made.one(plans.EVALUATOR)
    assert evaluator is not None and evaluator.gpus == 0.1 and made.one(plans.GATE_PLAYER) is None


def packed(shares, gpus):
    """Number of actors on each GPU if Ray takes the fullest one on which the share fits."""
    left, players = [10_000] * gpus, [0] * gpus
    for share in shares:
        fitting = [index for index, free in enumerate(left) if free >= share]
        assert fitting, "no GPU has that much left"
        index = min(fitting, key=left.__getitem__)
        left[index] -= share
        players[index] += 1
    return players


@pytest.mark.parametrize(
    ("gpus", "count"),
    [
        (1, 1),
        (1, 3),
        (2, 1),
        (2, 3),
        (2, 7),
        (7, 6),
        (7, 8),
        (7, 13),
        (7, 15),
        (8, 8),
        (8, 9),
        (8, 23),
        (8, 32),
    ],
)
def test_all_gpus_play_alike_in_any_order_of_starting(gpus, count):
    nodes = nodes_of((64, gpus))
    planner = planning._Planner(config_for(device="auto"), nodes, None)
    places = planner._on_gpus(planner._free["id0"], count)
    shares = [round(10_000 * place.gpus) for place in places for _ in range(place.count)]
    assert len(shares) == (count if count < 2 * gpus else count // gpus * gpus)
    for seed in range(20):
        found = packed(np.random.default_rng(seed).permutation(shares).tolist(), gpus)
        assert max(found) - min(found) <= 1


def test_eight_players_use_the_seven_gpus_that_the_rank_leaves():
    config = config_for(num_actors=8, device="auto")
    config.cluster.service_cpus = config.cluster.evaluator_cpus = 0
    made = planning.make_plan(config, nodes_of((64, 8)))
    shares = [place.gpus for place in made.of(plans.SELF_PLAY) for _ in range(place.count)]
    assert sorted(shares) == [0.45] * 2 + [0.9] * 6


@pytest.mark.parametrize(
    ("words", "plays"),
    [
        ({"blocks": 20, "filters": 256}, False),
        ({"blocks": 4, "filters": 32}, True),
        ({"blocks": 20, "filters": 256, "on": "all"}, True),
        ({"blocks": 4, "filters": 32, "on": "gpus"}, False),
    ],
)
def test_cpus_do_not_play_where_gpus_do_the_work_of_a_hundred(words, plays):
    config = config_for(device="auto")
    config.net.blocks, config.net.filters = words["blocks"], words["filters"]
    config.cluster.selfplay_on = cluster_config.SelfPlayOn(words.get("on", "auto"))
    made = planning.make_plan(config, nodes_of((8, 0), (32, 0), (16, 2)))
    assert ("id1" in counts(made)) == plays and "id2" in counts(made)
    # Without a GPU only CPUs can play.
    assert "id1" in counts(planning.make_plan(config, nodes_of((8, 0), (32, 0))))


def test_what_other_runs_have_is_left_to_them():
    nodes = nodes_of((8, 0), (16, 2))
    nodes[1] = dataclasses.replace(nodes[1], used_cpus=10.0, used_gpus=1.0)
    made = planning.make_plan(config_for(device="auto"), nodes)
    here = [place for place in made.placements if place.node.id == "id1"]
    assert sum(place.count * place.cpus for place in here) <= 6
    assert sum(place.count * place.gpus for place in here) <= 1
    full = dataclasses.replace(nodes[0], used_cpus=8.0)
    with pytest.raises(ValueError, match="has 8 CPUs, of which other runs have 8"):
        planning.make_plan(config_for(), [full])


def test_a_lost_learner_waits_for_a_place_or_takes_another():
    config = config_for(device="cuda")
    nodes = nodes_of((8, 0), (16, 1), (16, 1))
    before = planning.make_plan(config, nodes)
    (rank,) = before.of(plans.RANK)
    left = [node for node in nodes if node.id != rank.node.id]
    moved = planning.make_plan(config, left, before=before)
    assert [place.node.id for place in moved.of(plans.RANK)] == [left[1].id]
    waiting = planning.make_plan(config, left[:1], before=moved)
    assert waiting.of(plans.LEARNER) == waiting.of(plans.RANK) == []
    assert "training.device=cuda: the cluster has no GPU" in waiting.missing
    assert waiting.num_selfplay_actors == 7 and waiting.one("replay buffer") == before.one("replay buffer")
    again = planning.make_plan(config, nodes[:2], before=waiting)
    assert [place.node.id for place in again.of(plans.RANK)] == ["id1"] and not again.missing


def test_a_learner_moves_to_gpus_that_come():
    config = config_for(device="auto")
    before = planning.make_plan(config, nodes_of((8, 0)))
    assert before.of(plans.RANK) == []
    after = planning.make_plan(config, nodes_of((8, 0), (16, 1)), before=before)
    assert [place.node.id for place in after.of(plans.RANK)] == ["id1"]
    config.training.num_ranks = 2
    # One GPU is too few for two ranks, which stay where they are.
    before = planning.make_plan(config, nodes_of((8, 0)))
    after = planning.make_plan(config, nodes_of((8, 0), (16, 1)), before=before)
    assert after.of(plans.RANK) == before.of(plans.RANK) and not after.missing


def test_a_bounded_number_of_actors_spreads():
    made = planning.make_plan(config_for(num_actors=6), nodes_of((4, 0), (8, 0), (8, 0)))
    assert counts(made) == {"id1": 3, "id2": 3}


@pytest.mark.parametrize(
    ("num_ranks", "gpus", "share"), [(1, 1, 0.6), (1, 4, 1.0), (2, 2, 0.6), (2, 3, 1.0), (8, 8, 0.6)]
)
def test_every_rank_has_a_gpu_of_its_own(num_ranks, gpus, share):
    made = planning.make_plan(config_for(device="auto", num_ranks=num_ranks), nodes_of((32, gpus)))
    assert sum(place.count for place in made.ranks) == num_ranks
    # Each has more than half a GPU, so that Ray cannot place two on one.
    assert {place.gpus for place in made.ranks} == {share}


def test_ranks_stay_together():
    config = config_for(device="cuda", num_ranks=4)
    made = planning.make_plan(config, nodes_of((8, 0), (16, 2), (16, 8)))
    assert counts(made, plans.RANK) == {"id2": 4}


def test_without_gpus_the_learner_is_one_process_on_the_driver_s_node():
    made = planning.make_plan(config_for(device="cpu"), nodes_of((8, 4)))
    assert made.of(plans.RANK) == [] and all(place.gpus == 0 for place in made.placements)


@pytest.mark.parametrize(
    ("config", "nodes", "words"),
    [
        (
            config_for(num_actors=9),
            [(4, 0)],
            ["selfplay.num_actors=9", "4 CPUs", "at most 3", "cluster.grows"],
        ),
        (config_for(), [(1, 0)], ["selfplay.num_actors=auto", "1 CPUs", "at most 0"]),
        (config_for(), [(0.3, 0), (8, 0)], ["the driver's node 10.0.0.0 has 0.3 CPUs", "0.5"]),
        (config_for(device="cuda"), [(8, 0)], ["training.device=cuda", "no GPU"]),
        (config_for(device="auto", num_ranks=3), [(8, 2)], ["training.num_ranks=3", "2 GPUs"]),
        (config_for(num_ranks=8), [(3, 0)], ["training.num_ranks=8", "0.5 CPU", "4 of them fit"]),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(config, nodes, words):
    with pytest.raises(ValueError) as error:
        planning.make_plan(config, nodes_of(*nodes))
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_a_cluster_that_grows_begins_with_what_there_is():
    config = config_for(num_actors=9, grows=True)
    made = planning.make_plan(config, nodes_of((4, 0)))
    assert made.num_selfplay_actors == 3 and made.missing == "resources for 6 of 9 self-play actors"
    assert "missing: resources for 6 of 9" in made.text()
    assert planning.make_plan(config, nodes_of((4, 0), (8, 0)), before=made).missing == ""


def test_actors_other_than_self_play_keep_their_places():
    config = config_for(device="auto")
    small = nodes_of((8, 0), (8, 1))
    before = planning.make_plan(config, small)
    assert counts(before, plans.RANK) == {"id1": 1}
    larger = planning.make_plan(config, nodes_of((8, 0), (8, 1), (32, 8)), before=before)
    assert counts(larger, plans.RANK) == {"id1": 1}
    assert counts(larger) == {**counts(before), "id2": 32}
    without = planning.make_plan(config, [node for node in larger_nodes() if node.id != "id1"], before=larger)
    assert counts(without, plans.RANK) == {"id2": 1}


def larger_nodes():
    return nodes_of((8, 0), (8, 1), (32, 8))


def test_the_text_names_every_node_and_every_actor():
    text = planning.make_plan(config_for(), nodes_of((4, 0), (2, 0))).text()
    assert "10.0.0.0 (this node): 4 CPU" in text and "10.0.0.1: 2 CPU" in text
    assert "3 x self-play" in text and "2 x self-play" in text
    for name in ("learner", "evaluator", "replay buffer", "weight store", "reporter"):
        assert f"1 x {name}" in text


def test_a_mirror_is_beside_the_folder_and_takes_no_share():
    config = config_for()
    nodes = nodes_of((4, 0), (8, 0))
    assert planning.make_plan(config, nodes).one(plans.MIRROR) is None
    config.mirror.uri = "s3://bucket/runs/9x9"
    place = planning.make_plan(config, nodes).one(plans.MIRROR)
    assert place is not None
    assert (place.node, place.cpus) == (nodes[0], 0)


@pytest.mark.parametrize(("actors", "seconds"), [(1, 1), (100, 1), (256, 2.56), (1000, 10), (50_000, 10)])
def test_many_actors_talk_less_each(actors, seconds):
    assert plans.poll_interval_s(actors) == seconds
    # An actor without reports for so long is not counted.
    assert plans.poll_interval_s(actors) < aggregator.SILENT_S
