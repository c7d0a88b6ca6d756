"""Alternation of steps: while the network evaluates the leaves of one batch, others descend and back up."""

from collections.abc import Callable, Generator, Sequence

from alphazero import evaluator as evaluators

Steps = Generator[evaluators.Pending[evaluators.Outputs] | None, tuple[evaluators.Outputs | None, bool], None]
"""Steps of one batch of leaves. It yields the evaluation that it waits for, or None if no leaf needs the
network. It is sent the outputs, or None, and whether this is the last step, after which it returns."""


def run(series: Sequence[Steps], should_stop: Callable[[], bool]) -> None:
    """Runs the steps of several batches in turn until none waits for the network or `should_stop` is True.

    should_stop: called once in each round. Evaluations that are under way then are still backed up.
    """
    pending = [next(steps) for steps in series]
    while any(waiting is not None for waiting in pending):
        is_last = should_stop()
        for number, steps in enumerate(series):
            waiting = pending[number]
            outputs = None if waiting is None else waiting.result()
            try:
                pending[number] = steps.send((outputs, is_last))
            except StopIteration:
                pending[number] = None
