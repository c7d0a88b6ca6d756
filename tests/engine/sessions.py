"""Engines that think of nothing, and sessions with them as text."""

import math

import numpy as np

from alphazero.engine import clocks, protocol, session, thinking
from alphazero.go import rules


class FakeThinker(thinking.Thinker):
    """Plays the first legal point from A1 on; its policy is 1, 2, 3, ... over the actions."""

    value = 0.0

    def __init__(self, size):
        self.size = size

    def choose(self, position, should_stop=None):
        if position.is_over:
            return thinking.Choice(self.size**2, 0.0, 0)
        return thinking.Choice(int(position.legal().argmax()), self.value, 10)

    def evaluate(self, position, s):
        weights = np.arange(1.0, self.size**2 + 2)
        weights[-1] += s
        is_white = position.to_play == rules.WHITE
        return weights / weights.sum(), 0.5 if is_white else -0.1 * s


def make_engine(
    size=5,
    sizes=range(2, 20),
    resign_threshold=None,
    make_thinker=FakeThinker,
    clock=None,
    **chosen_rules,
):
    setup = session.Setup(
        name="AlphaZero",
        version="1.2",
        description="AlphaZero 1.2\na fake",
        sizes=sizes,
        size=size,
        komi=7.0,
        rules=session.Rules(**chosen_rules),
        resign_threshold=resign_threshold,
    )
    return session.Engine(setup, make_thinker, clock or clocks.Clock(0.0, math.inf, lambda: 0.0))


def fake_thinker(engine):
    assert isinstance(engine._thinker, FakeThinker)
    return engine._thinker


def ask(engine, command):
    line = protocol.parse(command)
    assert line is not None
    return protocol.answer(engine.commands, line).strip("\n")


def play_through(engine, text):
    """Runs lines "command -> answer"; a line without an arrow must be answered by "=" alone."""
    for line in text.strip().splitlines():
        command, _, expected = (part.strip() for part in line.partition("->"))
        expected = expected.replace("|", "\n") or "="
        assert ask(engine, command).replace(" \n", "\n").strip() == expected, command
