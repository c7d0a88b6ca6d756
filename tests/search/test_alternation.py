"""Tests of the alternation of steps."""

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.search import alternation

OUTPUTS = evaluators.Outputs(np.zeros((1, 26), np.float32), np.zeros(1, np.float32))


class Series:
    """Steps that record their calls. `waits` says of each step whether a leaf waits for the network."""

    def __init__(self, name, waits, log):
        self._name, self._waits, self._log = name, waits, log

    def steps(self):
        is_last, waits = False, iter(self._waits)
        while not is_last:
            self._log.append(f"{self._name} descends")
            outputs, is_last = yield evaluators.Ready(OUTPUTS) if next(waits, False) else None
            self._log.append(f"{self._name} {'skips' if outputs is None else 'backs up'}")


def run(*waits, should_stop=lambda: False):
    log = []
    series = [Series("ab"[number], steps, log).steps() for number, steps in enumerate(waits)]
    alternation.run(series, should_stop)
    return log


def test_one_batch_descends_while_the_other_waits():
    assert run([True], [True]) == [
        *("a descends", "b descends"),
        *("a backs up", "a descends", "b backs up", "b descends"),
    ]


def test_a_batch_without_leaves_goes_on_while_another_waits():
    """The other batch may have freed a path that it can take."""
    assert run([False, True], [True]) == [
        *("a descends", "b descends"),
        *("a skips", "a descends", "b backs up", "b descends"),
        *("a backs up", "a descends", "b skips", "b descends"),
    ]


def test_a_stop_backs_up_what_is_under_way():
    rounds = []
    log = run([True] * 9, [True] * 9, should_stop=lambda: rounds.append(1) or len(rounds) == 2)
    assert log[-3:] == ["b descends", "a backs up", "b backs up"]
    assert len(rounds) == 2
