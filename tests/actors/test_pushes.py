"""Tests of bounded pushes with a fake Ray: their number, and pushes without an answer."""

import itertools
import threading

import pytest
from ray import exceptions

from actors import messages, pushes


class FakeBuffer:
    """A replay buffer whose answers arrive when the test calls `answer`."""

    def __init__(self):
        self.calls = []
        self.answers = {}
        self.add_games = self
        self._numbers = itertools.count()

    def remote(self, games, actor):
        reference = next(self._numbers)
        self.calls.append((reference, tuple(games), actor))
        return reference

    def answer(self, reference, error=None):
        self.answers[reference] = error

    def wait(self, references, num_returns, timeout):
        if timeout >= 1 and not any(reference in self.answers for reference in references):
            self.answer(references[0])
        ready = [reference for reference in references if reference in self.answers][:num_returns]
        return ready, [reference for reference in references if reference not in ready]

    def get(self, reference):
        error = self.answers.pop(reference)
        if error is not None:
            raise error
        return messages.PushReply(total_games=reference, should_wait=False)


@pytest.fixture
def buffer():
    return FakeBuffer()


def make_pushes(buffer, limit=2):
    stopping = threading.Event()
    return pushes.Pushes(buffer, "selfplay000", limit, stopping, wait=buffer.wait, get=buffer.get)


def test_pushes_under_way_are_bounded(buffer):
    out = make_pushes(buffer)
    for name in "abcd":
        out.send([name])
    # The third and the fourth each had to wait for an answer.
    assert [games for _, games, _ in buffer.calls] == [("a",), ("b",), ("c",), ("d",)]
    assert len(out._under_way) == 2


def test_the_newest_answer_is_returned(buffer):
    out = make_pushes(buffer)
    assert out.send(["a"]) is None
    buffer.answer(0)
    reply = out.send(["b"])
    assert reply is not None and reply.total_games == 0


def test_nothing_is_sent_without_games(buffer):
    make_pushes(buffer).send([])
    assert buffer.calls == []


def test_a_push_without_an_answer_is_sent_again(buffer, monkeypatch):
    monkeypatch.setattr(pushes, "_RETRY_S", 0)
    out = make_pushes(buffer)
    out.send(["a"])
    buffer.answer(0, exceptions.ActorUnavailableError("away", None))
    out._take_reply(timeout_s=0)
    assert [games for _, games, _ in buffer.calls] == [("a",), ("a",)]


def test_draining_waits_for_answers_and_gives_up_in_the_end(buffer, caplog):
    out = make_pushes(buffer)
    out.send(["a", "b"])
    out.drain(timeout_s=0.05)
    assert "2 finished games got no answer" in caplog.text
    buffer.answer(0)
    out.drain(timeout_s=1)
    assert out._under_way == {}
