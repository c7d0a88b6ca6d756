"""Fake searches for engines, and sessions with such engines as text."""

import io
import math

import numpy as np

from alphazero.engine import clocks, engine_search, protocol, session, state
from alphazero.go import rules
from alphazero.search import inspection

NO_LIMITS = engine_search.SearchLimits()


class Script:
    """Input lines that exist from the start. `has_input` reports each one only after `patience` polls."""

    def __init__(self, lines, patience=0):
        self._lines = list(lines)
        self._patience = patience
        self._num_polls = 0

    def has_input(self):
        self._num_polls += 1
        return self._num_polls > self._patience

    def take(self):
        self._num_polls = 0
        return self._lines.pop(0) if self._lines else None


class FakeRollouts:
    """Rollouts that end after two moves, with the ownership of the initial position."""

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


class FakeSearch(engine_search.EngineSearch):
    """Search that chooses the first legal point from A1 on. Its policy is 1, 2, 3, ... over the actions.

    An analysis reports visits of the first two legal actions.
    """

    value = 0.0

    def __init__(self, size):
        self.size = size
        self.analyses = []
        self.num_forgotten = 0

    def choose(self, position, limits=NO_LIMITS):
        if position.is_over:
            return engine_search.MoveChoice(self.size**2, 0.0, 0)
        self._set_actions(position, limits)
        self._run_steps(limits, 3)
        return engine_search.MoveChoice(self._actions[0], self.value, 10)

    def analyse(self, position, limits):
        self._set_actions(position, limits)
        self.analyses.append((len(position.moves), position.to_play, limits.num_simulations))
        self._run_steps(limits, limits.num_simulations or 1000)

    def report(self, *, with_bounds=True):
        moves = [
            inspection.RootMove(action, 6 - 2 * order, 0.5 - order, -0.25, 0.125, (action, 8 - order), (6, 3))
            for order, action in enumerate(self._actions)
        ]
        rest = [
            inspection.RootMove(action, 0, self.value, -1.0, 0.0625, (action,), (0,)) for action in self._rest
        ]
        return inspection.Report(10, 0.25, -0.5, moves + rest)

    def rollouts(self, position):
        return FakeRollouts(position)

    def forget(self):
        self.num_forgotten += 1

    def evaluate(self, position, s):
        weights = np.arange(1.0, self.size**2 + 2)
        weights[-1] += s
        is_white = position.to_play == rules.WHITE
        value = 0.5 if is_white else -0.1 * s
        return engine_search.RawEvaluation(weights / weights.sum(), value, lead=None, ownership=None)

    def _set_actions(self, position, limits):
        legal = position.legal()
        if limits.allowed is not None:
            legal &= limits.allowed
        actions = np.flatnonzero(legal).tolist()
        self._actions, self._rest = actions[:2], actions[2:]

    def _run_steps(self, limits, num_steps):
        for _ in range(num_steps):
            if limits.should_stop is not None and limits.should_stop():
                break


def make_engine(
    size=5,
    sizes=range(2, 20),
    resign_threshold=None,
    make_search=FakeSearch,
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
    return session.Engine(setup, make_search, clock or clocks.Clock(0.0, math.inf, lambda: 0.0))


def fake_search(engine):
    assert isinstance(engine.state.search, FakeSearch)
    return engine.state.search


def ask(engine, command):
    line = protocol.parse(command)
    assert line is not None
    return protocol.answer(engine.commands, line).strip("\n")


def talk(engine, *lines, patience=0):
    """Returns the engine's output for these lines."""
    output = io.StringIO()
    protocol.serve(engine.everything, Script(lines, patience), output)
    return output.getvalue()


def play_through(engine, text):
    """Runs lines "command -> answer". Without an arrow the answer must be "=" alone."""
    for line in text.strip().splitlines():
        command, _, expected = (part.strip() for part in line.partition("->"))
        expected = expected.replace("|", "\n") or "="
        assert ask(engine, command).replace(" \n", "\n").strip() == expected, command
