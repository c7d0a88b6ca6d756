"""Tests of supervision: dead actors are restarted, and failed ones end the run."""

import pytest
import ray
from ray import exceptions

from actors import supervision


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class FakeRay:
    """Fake of Ray whose references are numbers; a test sets how each of them ends."""

    def __init__(self, monkeypatch):
        self.ends = {}
        self.made = []
        self.killed = []
        monkeypatch.setattr(ray, "wait", self.wait)
        monkeypatch.setattr(ray, "get", self.get)
        monkeypatch.setattr(ray, "kill", self.killed.append)

    def make(self, name="actor"):
        handle = Handle(name, len(self.made))
        self.made.append(handle)
        return handle

    def wait(self, references, num_returns, timeout):
        ended = [reference for reference in references if reference in self.ends][:num_returns]
        return ended, [reference for reference in references if reference not in ended]

    def get(self, reference):
        if self.ends[reference] is not None:
            raise self.ends[reference]


class Handle:
    def __init__(self, name, number):
        self.name, self.number = name, number
        self.is_told = False
        self.run = self.Method(lambda: number)
        self.stop = self.Method(self._stop)

    class Method:
        def __init__(self, call):
            self.remote = call

    def _stop(self):
        self.is_told = True


@pytest.fixture
def fake(monkeypatch):
    return FakeRay(monkeypatch)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def supervised(clock):
    return supervision.SupervisedActors(clock)


DEATH = exceptions.ActorDiedError()


def task_error(cause):
    text = "Traceback\nValueError: what it says"
    return exceptions.RayTaskError("run", text, cause, "worker", 1, "127.0.0.1")


def test_dead_actors_restart_after_a_pause(fake, clock, supervised, caplog):
    supervised.start("self-play 0", fake.make)
    clock.now = 100
    fake.ends[0] = DEATH
    supervised.check(0)
    assert supervised.handle("self-play 0") is None and supervised.deaths == 1
    assert "self-play 0 died and is started again in 1 s" in caplog.text
    supervised.check(0)
    assert len(fake.made) == 1
    clock.now = 101
    supervised.check(0)
    assert supervised.handle("self-play 0") is fake.made[1]


def test_pauses_grow_while_lives_are_short_and_then_the_run_ends(fake, clock, supervised, caplog):
    supervised.start("learner", fake.make)
    for number in range(8):
        fake.ends[number] = DEATH
        supervised.check(0)
        clock.now += 30
        # Only the length of the life counts, not the pause before it.
        supervised.check(0)
    fake.ends[8] = DEATH
    with pytest.raises(RuntimeError, match="learner died 9 times in a row"):
        supervised.check(0)
    assert [
        word for word in ("1 s", "2 s", "4 s", "8 s", "16 s", "30 s") if f"again in {word}" in caplog.text
    ] == ["1 s", "2 s", "4 s", "8 s", "16 s", "30 s"]
    assert len(fake.made) == 9


def test_a_long_life_makes_up_for_short_ones(fake, clock, supervised):
    supervised.start("learner", fake.make)
    for number in range(40):
        clock.now += 60
        fake.ends[number] = DEATH
        supervised.check(0)
        clock.now += 60
        supervised.check(0)
    assert supervised.deaths == 40


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (task_error(ValueError("what it says")), "learner failed: ValueError: what it says"),
        (exceptions.ActorDiedError(task_error(ValueError("x"))), "learner failed"),
        (None, "learner ended without a call of stop"),
    ],
)
def test_an_error_of_our_own_ends_the_run(fake, supervised, end, words):
    supervised.start("learner", fake.make)
    fake.ends[0] = end
    with pytest.raises(RuntimeError, match=words):
        supervised.check(0)


def test_losing_another_actor_is_a_death(fake, supervised):
    supervised.start("evaluator", fake.make)
    fake.ends[0] = task_error(exceptions.ObjectLostError("00" * 28, None, ""))
    supervised.check(0)
    assert supervised.deaths == 1


def test_removed_actors_are_stopped_and_forgotten(fake, supervised):
    supervised.start("self-play 0", fake.make)
    supervised.remove("self-play 0")
    fake.ends[0] = DEATH
    supervised.check(0)
    assert fake.made[0].is_told and supervised.names == [] and supervised.deaths == 0


def test_a_name_that_is_still_taken_is_tried_again(fake, clock, supervised):
    takes = iter([ValueError("taken"), ValueError("taken"), None])

    def make():
        error = next(takes)
        if error is not None:
            raise error
        return fake.make()

    supervised.start("learner", make)
    for _ in range(3):
        clock.now += 1
        supervised.check(0)
    assert supervised.handle("learner") is fake.made[0] and supervised.deaths == 0


def test_another_place_is_taken_after_a_death(fake, clock, supervised):
    supervised.start("learner", fake.make)
    supervised.replace("learner", lambda: fake.make("elsewhere"))
    assert fake.killed == [fake.made[0]]
    fake.ends[0] = DEATH
    supervised.check(0)
    clock.now += 1
    supervised.check(0)
    assert supervised.handle("learner").name == "elsewhere"


def test_all_actors_are_stopped_and_late_ones_named(fake, supervised):
    supervised.start("learner", fake.make)
    supervised.start("evaluator", fake.make)
    fake.ends[0] = None
    assert supervised.stop(1) == ["evaluator"]
    assert all(handle.is_told for handle in fake.made)


def test_an_actor_that_finishes_is_waited_for(fake):
    supervised = supervision.SupervisedActors(Clock())
    supervised.start("evaluator", lambda: fake.make())
    asked = []

    def should_stop():
        fake.ends[0] = None  # it ends in the meantime
        return False

    assert supervised.finish("evaluator", asked.append, should_stop)
    assert asked == fake.made and not fake.made[0].is_told
    assert supervised.stop(0) == []


def test_nobody_waits_longer_than_the_caller_wants(fake):
    supervised = supervision.SupervisedActors(Clock())
    supervised.start("evaluator", lambda: fake.make())
    assert not supervised.finish("evaluator", lambda handle: None, lambda: True)
    assert not supervised.finish("missing", lambda handle: None, lambda: False)
    assert supervised.stop(0) == ["evaluator"]


def test_an_error_while_an_actor_finishes_ends_the_run(fake):
    supervised = supervision.SupervisedActors(Clock())
    supervised.start("learner", lambda: fake.make())
    fake.ends[0] = exceptions.RayTaskError("run", "the traceback", ValueError("a mistake"))
    with pytest.raises(RuntimeError, match="learner failed"):
        supervised.finish("learner", lambda handle: None, lambda: False)


def test_actors_of_one_kind_are_asked_to_stop(fake):
    supervised = supervision.SupervisedActors(Clock())
    for name in ("self-play 0", "self-play 1", "learner"):
        supervised.start(name, lambda: fake.make())
    supervised.ask_to_stop("self-play")
    assert [handle.is_told for handle in fake.made] == [True, True, False]
    assert supervised.stop(0) == ["self-play 0", "self-play 1", "learner"]
