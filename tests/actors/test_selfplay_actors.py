"""Tests of self-play actors that follow the plan."""

import pytest

from actors import plan as plans
from actors import selfplay_actors


class FakeSupervisedActors:
    def __init__(self):
        self.working = {}

    def start(self, name, make):
        assert name not in self.working
        self.working[name] = make()

    def remove(self, name):
        del self.working[name]


def plan_of(**counts):
    """A plan; counts: by node a number, or a number and a share of a GPU."""
    placements = []
    for name, wanted in counts.items():
        count, gpus = wanted if isinstance(wanted, tuple) else (wanted, 0.0)
        node = plans.Node(id=name, name=name, cpus=64, gpus=8)
        placements.append(plans.Placement(name=plans.SELF_PLAY, node=node, count=count, cpus=1, gpus=gpus))
    return plans.Plan(placements=tuple(placements))


@pytest.fixture
def supervised():
    return FakeSupervisedActors()


@pytest.fixture
def players(supervised):
    return selfplay_actors.SelfPlayActors(supervised, lambda place, number: place.node.id)


def test_nodes_come_and_go(players, supervised):
    players.follow(plan_of(a=2))
    assert supervised.working == {"self-play 0": "a", "self-play 1": "a"}
    players.follow(plan_of(a=2, b=1))
    assert supervised.working == {"self-play 0": "a", "self-play 1": "a", "self-play 2": "b"}
    players.follow(plan_of(a=1, b=1))
    assert supervised.working == {"self-play 0": "a", "self-play 2": "b"}
    players.leave({"a"})
    players.follow(plan_of(b=3))
    assert supervised.working == {"self-play 0": "b", "self-play 1": "b", "self-play 2": "b"}
    assert len(supervised.working) == 3


def test_the_same_plan_changes_nothing(players, supervised):
    players.follow(plan_of(a=2, b=1))
    before = dict(supervised.working)
    players.follow(plan_of(a=2, b=1))
    assert supervised.working == before


def test_some_are_held_back(players, supervised):
    players.follow(plan_of(a=3), held_back=1)
    assert len(supervised.working) == 2
    players.follow(plan_of(a=3))
    assert len(supervised.working) == 3


def test_another_share_is_another_actor(players, supervised):
    players.follow(plan_of(a=(2, 0.5)))
    made = []
    players._start_actor = lambda place, number: made.append((place.gpus, number)) or "again"
    players.follow(plan_of(a=(2, 0.25)))
    assert made == [(0.25, 0), (0.25, 1)] and len(supervised.working) == 2


def test_excluded_nodes_get_no_self_play(players, supervised):
    players.follow(plan_of(a=2, b=1))
    players.follow(plan_of(a=2, b=1), without={"a"})
    assert set(supervised.working.values()) == {"b"}
    players.follow(plan_of(a=2, b=1))
    assert sorted(supervised.working.values()) == ["a", "a", "b"]
