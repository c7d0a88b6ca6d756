"""Engines that think of nothing, and sessions with them as text."""

import io
import math

import numpy as np

from alphazero.engine import clocks, protocol, session, state, thinking
from alphazero.go import rules
from alphazero.search import inspection

NO_LIMITS = thinking.Limits()


class Script:
    """Lines that are there from the start, but each is noticed only after `patience` looks."""

    def __init__(self, lines, patience=0):
        self._lines = list(lines)
        self._patience = patience
        self._num_looks = 0

    def has_input(self):
        self._num_looks += 1
        return self._num_looks > self._patience

    def take(self):
        self._num_looks = 0
        return self._lines.pop(0) if self._lines else None


class FakePlayouts:
    """Are over after two moves, as the position was when they began."""

    def __init__(self, position):
        self._owners = np.stack([position.ownership()] * 4)
        self._num_steps = 0

    @property
    def is_done(self):
        return self._num_steps == 2

    def step(self):
        self._num_steps += 1

    def finish(self):
        return self

    def owners(self):
        return self._owners


class FakeThinker(thinking.Thinker):
    """Plays the first legal point from A1 on; its policy is 1, 2, 3, ... over the actions.

    An analysis finds that one, for half of the visits, and the second one.
    """

    value = 0.0

    def __init__(self, size):
        self.size = size
        self.analyses = []
        self.num_forgotten = 0

    def choose(self, position, limits=NO_LIMITS):
        if position.is_over:
            return thinking.Choice(self.size**2, 0.0, 0)
        self._look(position, limits)
        self._ask(limits, 3)
        return thinking.Choice(self._actions[0], self.value, 10)

    def analyse(self, position, limits):
        self._look(position, limits)
        self.analyses.append((len(position.moves), position.to_play, limits.num_simulations))
        self._ask(limits, limits.num_simulations or 1000)

    def report(self, *, with_bounds=True):
        moves = [
            inspection.RootMove(action, 6 - 2 * order, 0.5 - order, -0.25, 0.125, (action, 8 - order), (6, 3))
            for order, action in enumerate(self._actions)
        ]
        rest = [
            inspection.RootMove(action, 0, self.value, -1.0, 0.0625, (action,), (0,)) for action in self._rest
        ]
        return inspection.Report(10, 0.25, -0.5, moves + rest)

    def playouts(self, position):
        return FakePlayouts(position)

    def forget(self):
        self.num_forgotten += 1

    def evaluate(self, position, s):
        weights = np.arange(1.0, self.size**2 + 2)
        weights[-1] += s
        is_white = position.to_play == rules.WHITE
        return weights / weights.sum(), 0.5 if is_white else -0.1 * s

    def _look(self, position, limits):
        legal = position.legal()
        if limits.allowed is not None:
            legal &= limits.allowed
        actions = np.flatnonzero(legal).tolist()
        self._actions, self._rest = actions[:2], actions[2:]

    def _ask(self, limits, num_steps):
        for _ in range(num_steps):
            if limits.should_stop is not None and limits.should_stop():
                break


def make_engine(
    size=5,
    sizes=range(2, 20),
    resign_threshold=None,
    make_thinker=FakeThinker,
    clock=None,
    ponders=False,
    **chosen_rules,
):
    setup = state.Setup(
        name="AlphaZero",
        version="1.2",
        description="AlphaZero 1.2\na fake",
        sizes=sizes,
        size=size,
        komi=7.0,
        rules=state.Rules(**chosen_rules),
        resign_threshold=resign_threshold,
        ponders=ponders,
    )
    return session.Engine(setup, make_thinker, clock or clocks.Clock(0.0, math.inf, lambda: 0.0))


def fake_thinker(engine):
    assert isinstance(engine.state.thinker, FakeThinker)
    return engine.state.thinker


def ask(engine, command):
    line = protocol.parse(command)
    assert line is not None
    return protocol.answer(engine.commands, line).strip("\n")


def talk(engine, *lines, patience=0):
    """What the engine writes for these lines."""
    output = io.StringIO()
    protocol.serve(engine.everything, Script(lines, patience), output)
    return output.getvalue()


def play_through(engine, text):
    """Runs lines "command -> answer"; a line without an arrow must be answered by "=" alone."""
    for line in text.strip().splitlines():
        command, _, expected = (part.strip() for part in line.partition("->"))
        expected = expected.replace("|", "\n") or "="
        assert ask(engine, command).replace(" \n", "\n").strip() == expected, command
