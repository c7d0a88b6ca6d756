"""Who died is started again, who failed ends the run."""

import pytest
import ray
from ray import exceptions

from actors import crew as crews


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class FakeRay:
    """References are numbers; a test says how each of them ended."""

    def __init__(self, monkeypatch):
        self.ends = {}
        self.made = []
        self.killed = []
        monkeypatch.setattr(ray, "wait", self.wait)
        monkeypatch.setattr(ray, "get", self.get)
        monkeypatch.setattr(ray, "kill", self.killed.append)

    def make(self, name="player"):
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
        self.stop = self.Method(self.hear)

    class Method:
        def __init__(self, call):
            self.remote = call

    def hear(self):
        self.is_told = True


@pytest.fixture
def fake(monkeypatch):
    return FakeRay(monkeypatch)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def crew(clock):
    return crews.Crew(clock)


DEATH = exceptions.ActorDiedError()


def task_error(cause):
    text = "Traceback\nValueError: what it says"
    return exceptions.RayTaskError("run", text, cause, "worker", 1, "127.0.0.1")


def test_the_dead_return_after_a_pause(fake, clock, crew, caplog):
    crew.start("self-play 0", fake.make)
    clock.now = 100
    fake.ends[0] = DEATH
    crew.check(0)
    assert crew.handle("self-play 0") is None and crew.deaths == 1
    assert "self-play 0 died and is started again in 1 s" in caplog.text
    crew.check(0)
    assert len(fake.made) == 1
    clock.now = 101
    crew.check(0)
    assert crew.handle("self-play 0") is fake.made[1]


def test_pauses_grow_while_lives_are_short_and_then_the_run_ends(fake, clock, crew, caplog):
    crew.start("learner", fake.make)
    for number in range(8):
        fake.ends[number] = DEATH
        crew.check(0)
        clock.now += 30
        # Only the length of the life counts, not the pause before it.
        crew.check(0)
    fake.ends[8] = DEATH
    with pytest.raises(RuntimeError, match="learner died 9 times in a row"):
        crew.check(0)
    assert [
        word for word in ("1 s", "2 s", "4 s", "8 s", "16 s", "30 s") if f"again in {word}" in caplog.text
    ] == ["1 s", "2 s", "4 s", "8 s", "16 s", "30 s"]
    assert len(fake.made) == 9


def test_a_long_life_makes_up_for_short_ones(fake, clock, crew):
    crew.start("learner", fake.make)
    for number in range(40):
        clock.now += 60
        fake.ends[number] = DEATH
        crew.check(0)
        clock.now += 60
        crew.check(0)
    assert crew.deaths == 40


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (task_error(ValueError("what it says")), "learner failed: ValueError: what it says"),
        (exceptions.ActorDiedError(task_error(ValueError("x"))), "learner failed"),
        (None, "learner ended before it was told to"),
    ],
)
def test_an_error_of_our_own_ends_the_run(fake, crew, end, words):
    crew.start("learner", fake.make)
    fake.ends[0] = end
    with pytest.raises(RuntimeError, match=words):
        crew.check(0)


def test_losing_another_actor_is_a_death(fake, crew):
    crew.start("evaluator", fake.make)
    fake.ends[0] = task_error(exceptions.ObjectLostError("00" * 28, None, ""))
    crew.check(0)
    assert crew.deaths == 1


def test_the_dismissed_are_told_and_forgotten(fake, crew):
    crew.start("self-play 0", fake.make)
    crew.dismiss("self-play 0")
    fake.ends[0] = DEATH
    crew.check(0)
    assert fake.made[0].is_told and crew.names == [] and crew.deaths == 0


def test_a_name_that_is_still_taken_is_tried_again(fake, clock, crew):
    takes = iter([ValueError("taken"), ValueError("taken"), None])

    def make():
        error = next(takes)
        if error is not None:
            raise error
        return fake.make()

    crew.start("learner", make)
    for _ in range(3):
        clock.now += 1
        crew.check(0)
    assert crew.handle("learner") is fake.made[0] and crew.deaths == 0


def test_another_place_is_taken_after_a_death(fake, clock, crew):
    crew.start("learner", fake.make)
    crew.replace("learner", lambda: fake.make("elsewhere"))
    assert fake.killed == [fake.made[0]]
    fake.ends[0] = DEATH
    crew.check(0)
    clock.now += 1
    crew.check(0)
    assert crew.handle("learner").name == "elsewhere"


def test_everyone_is_told_to_stop_and_the_late_are_named(fake, crew):
    crew.start("learner", fake.make)
    crew.start("evaluator", fake.make)
    fake.ends[0] = None
    assert crew.stop(1) == ["evaluator"]
    assert all(handle.is_told for handle in fake.made)
