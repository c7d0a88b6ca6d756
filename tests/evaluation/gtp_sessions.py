"""Engines that think of nothing, and sessions with them as text."""

import math

import numpy as np

from alphazero.evaluation import gtp_clock, gtp_engine, gtp_protocol, gtp_thinker
from alphazero.go import rules


class FakeThinker(gtp_thinker.Thinker):
    """Plays the first legal point from A1 on; its policy is 1, 2, 3, ... over the actions."""

    value = 0.0

    def __init__(self, size):
        self.size = size

    def choose(self, position, should_stop=None):
        if position.is_over:
            return gtp_thinker.Choice(self.size**2, 0.0, 0)
        return gtp_thinker.Choice(int(position.legal().argmax()), self.value, 10)

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
    setup = gtp_engine.Setup(
        name="AlphaZero",
        version="1.2",
        description="AlphaZero 1.2\na fake",
        sizes=sizes,
        size=size,
        komi=7.0,
        rules=gtp_engine.Rules(**chosen_rules),
        resign_threshold=resign_threshold,
    )
    return gtp_engine.Engine(setup, make_thinker, clock or gtp_clock.Clock(0.0, math.inf, lambda: 0.0))


def fake_thinker(engine):
    assert isinstance(engine._thinker, FakeThinker)
    return engine._thinker


def ask(engine, command):
    line = gtp_protocol.parse(command)
    assert line is not None
    return gtp_protocol.answer(engine.commands, line).strip("\n")


def session(engine, text):
    """Runs lines "command -> answer"; a line without an arrow must be answered by "=" alone."""
    for line in text.strip().splitlines():
        command, _, expected = (part.strip() for part in line.partition("->"))
        expected = expected.replace("|", "\n") or "="
        assert ask(engine, command).replace(" \n", "\n").strip() == expected, command
