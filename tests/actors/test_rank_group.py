"""Tests of lost groups of ranks: during training, and during their start."""

import pytest
import ray
from ray import exceptions

from actors import plan as plans
from actors import rank_group, ray_errors
from alphazero.config import compose
from alphazero.training import checkpoint, trainer

PLACE = plans.Placement(
    name=plans.RANK, node=plans.Node(id="a", name="a", cpus=4, gpus=0), count=2, cpus=0.5, gpus=0
)


class Fake:
    """Fake of Ray with ranks that answer calls by name; an answer that is an error is raised."""

    def __init__(self, monkeypatch):
        self.answers, self.killed, self.made = {}, 0, 0
        monkeypatch.setattr(ray, "remote", lambda actor: self)
        monkeypatch.setattr(ray, "get", self.get)
        monkeypatch.setattr(ray, "kill", self.kill)
        self.groups = {}
        monkeypatch.setattr(rank_group.util, "placement_group", self.reserve)
        monkeypatch.setattr(rank_group.util, "get_placement_group", self.find)
        monkeypatch.setattr(rank_group.util, "remove_placement_group", lambda group: self.groups.clear())
        monkeypatch.setattr(rank_group, "PlacementGroupSchedulingStrategy", lambda *_: None)

    def reserve(self, bundles, name, bundle_label_selector):
        assert name not in self.groups
        self.groups[name] = Group()
        return self.groups[name]

    def find(self, name):
        if name not in self.groups:
            raise ValueError(name)
        return self.groups[name]

    def options(self, **_):
        return self

    def remote(self, *_):
        self.made += 1
        return Rank()

    def get(self, asked, timeout=None):
        if not isinstance(asked, list):
            return self.answer(asked) or "tcp://a:1"
        return [self.answer(each) for each in asked]

    def answer(self, name):
        answers = self.answers.get(name, [])
        answer = answers.pop(0) if answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def kill(self, rank):
        self.killed += 1


class Group:
    def wait(self, timeout_s):
        return True


class Rank:
    def __getattr__(self, name):
        return Method(name)


class Method:
    def __init__(self, name):
        self.remote = lambda *_: name


@pytest.fixture
def fake(monkeypatch):
    return Fake(monkeypatch)


def task_error(cause):
    return exceptions.RayTaskError("join", "Traceback\nits last line", cause, "rank", 1, "127.0.0.1")


def make():
    return rank_group.RankGroup(compose.compose(["conf=smoke", "training.num_ranks=2"]), [PLACE])


def test_a_learner_takes_over_the_place_of_one_that_died(fake):
    make()
    first = dict(fake.groups)
    make()
    assert fake.groups.keys() == first.keys() and fake.groups != first


def test_a_rank_that_dies_at_work_costs_the_group(fake):
    group = make()
    fake.answers["state"] = [exceptions.ActorDiedError()]
    with pytest.raises(rank_group.RanksLost):
        group.state()
    assert (fake.killed, fake.made) == (2, 4)


def test_a_rank_that_dies_while_the_others_wait_for_it_is_no_error_of_ours(fake):
    fake.answers["join"] = [task_error(RuntimeError("connection closed by peer"))]
    with pytest.raises(rank_group.RanksLost, match="while they started: its last line") as lost:
        make()
    assert fake.killed == 2
    # The error that the driver receives from such a learner.
    assert ray_errors.is_death(task_error(lost.value))


def test_a_rollback_halves_the_learning_rate_of_all_ranks(fake, monkeypatch, tmp_path):
    state = {"step": 20, "samples": 320, "rate_factor": 1.0}
    checkpoints = checkpoint.Checkpoints(tmp_path, keep=1)
    checkpoints.save(20, state)
    sent = []
    monkeypatch.setattr(ray, "put", sent.append)
    group = make()
    training = trainer.Trainer(group, checkpoints, compose.compose(["conf=smoke"]).training)
    training.restore()
    fake.answers["train"] = [FloatingPointError("loss nan")]
    assert training.train(["batches", "batches"], progress=0) == []
    assert [each["rate_factor"] for each in sent] == [1.0, 0.5]
    assert (group.step, group.learning_rate_factor) == (20, 0.5)
    fake.answers["train"] = [FloatingPointError("loss nan")]
    with pytest.raises(FloatingPointError, match="the learning rate was already halved"):
        training.train(["batches", "batches"], progress=0)


def test_an_error_that_all_ranks_have_stays_one(fake):
    cause = ValueError("net.blocks: too many")
    fake.answers["join"] = [task_error(cause).as_instanceof_cause()]
    with pytest.raises(ValueError) as failed:
        make()
    assert not ray_errors.is_death(failed.value)


def test_ranks_that_never_get_a_step_done_end_the_run(fake):
    group = make()
    fake.answers["state"] = [exceptions.ActorDiedError() for _ in range(4)]
    for _ in range(3):
        with pytest.raises(rank_group.RanksLost):
            group.state()
    with pytest.raises(RuntimeError, match="the learner's ranks were lost 3 times") as ended:
        group.state()
    assert not ray_errors.is_death(task_error(ended.value))
