"""Self-play actors come and go with the plan."""

import pytest

from actors import plan, players


class FakeCrew:
    def __init__(self):
        self.working = {}

    def start(self, name, make):
        assert name not in self.working
        self.working[name] = make()

    def dismiss(self, name):
        del self.working[name]


def plan_of(**counts):
    """By node; a number, or a number and a share of a GPU."""
    placements = []
    for name, wanted in counts.items():
        count, gpus = wanted if isinstance(wanted, tuple) else (wanted, 0.0)
        node = plan.Node(id=name, name=name, cpus=64, gpus=8)
        placements.append(plan.Placement(name=plan.SELF_PLAY, node=node, count=count, cpus=1, gpus=gpus))
    return plan.Plan(placements=tuple(placements))


@pytest.fixture
def crew():
    return FakeCrew()


@pytest.fixture
def staff(crew):
    return players.Players(crew, lambda place, number: place.node.id)


def test_nodes_come_and_go(staff, crew):
    staff.follow(plan_of(a=2))
    assert crew.working == {"self-play 0": "a", "self-play 1": "a"}
    staff.follow(plan_of(a=2, b=1))
    assert crew.working == {"self-play 0": "a", "self-play 1": "a", "self-play 2": "b"}
    staff.follow(plan_of(a=1, b=1))
    assert crew.working == {"self-play 0": "a", "self-play 2": "b"}
    staff.leave({"a"})
    staff.follow(plan_of(b=3))
    assert crew.working == {"self-play 0": "b", "self-play 1": "b", "self-play 2": "b"}
    assert len(staff) == 3


def test_the_same_plan_changes_nothing(staff, crew):
    staff.follow(plan_of(a=2, b=1))
    before = dict(crew.working)
    staff.follow(plan_of(a=2, b=1))
    assert crew.working == before


def test_some_are_held_back(staff, crew):
    staff.follow(plan_of(a=3), held_back=1)
    assert len(crew.working) == 2
    staff.follow(plan_of(a=3))
    assert len(crew.working) == 3


def test_another_share_is_another_actor(staff, crew):
    staff.follow(plan_of(a=(2, 0.5)))
    hired = []
    staff._hire = lambda place, number: hired.append((place.gpus, number)) or "again"
    staff.follow(plan_of(a=(2, 0.25)))
    assert hired == [(0.25, 0), (0.25, 1)] and len(crew.working) == 2


def test_nobody_plays_where_others_come_first(staff, crew):
    staff.follow(plan_of(a=2, b=1))
    staff.follow(plan_of(a=2, b=1), without={"a"})
    assert set(crew.working.values()) == {"b"}
    staff.follow(plan_of(a=2, b=1))
    assert sorted(crew.working.values()) == ["a", "a", "b"]
