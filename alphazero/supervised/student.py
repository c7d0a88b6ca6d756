"""Training of a student: for some minutes, on positions with a teacher's answers."""

import time
from collections.abc import Callable

import numpy as np

from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import replay
from alphazero.net import weights as network_weights
from alphazero.supervised import progress, teacher_games
from alphazero.training import learner

_STEPS_AT_ONCE = 4
_EVALUATIONS = 10
"""Evaluations on held-out positions in the course of training."""
_MOST_EVALUATED = 2_048
"""Held-out positions of an evaluation before the last one."""
AGREEMENT = ("policy_kl", "policy_top1", "value_mse")
"""Metrics of the agreement with the teacher: mean divergence of the student's policy from the teacher's in
nats, fraction of positions where both have the same best move, mean squared difference of the values."""


class StudentTraining:
    """A learner with its positions and its progress lines."""

    def __init__(
        self,
        config: schema.Config,
        games: teacher_games.TeacherGames,
        clock: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = lambda line: print(line, flush=True),
    ) -> None:
        """config: network and settings of the student."""
        self._batch_size = config.training.batch_size
        self._games = games
        self._learner = learner.Learner(config)
        self._rng = np.random.default_rng([config.run.seed, 1])
        self._clock = clock
        self._say = say

    @property
    def steps(self) -> int:
        """Optimizer steps taken."""
        return self._learner.step

    @property
    def samples(self) -> int:
        """Positions trained on, repeated ones included."""
        return self._learner.samples

    def run(self, seconds: float, should_stop: Callable[[], bool]) -> bool:
        """Trains for so long, at least a few steps. Returns False if `should_stop` ended it.

        Raises FloatingPointError if the loss diverges.
        """
        began = said = self._clock()
        evaluated, progressed = 0, 0.0
        while progressed < 1:
            if should_stop():
                return False
            drawn = [self._games.training.sample(self._batch_size, self._rng) for _ in range(_STEPS_AT_ONCE)]
            metrics = self._learner.train(drawn, progressed)[-1]
            now = self._clock()
            progressed = min(1.0, (now - began) / seconds)
            if now - said >= progress.LINE_INTERVAL_S:
                said = now
                self._say(self._line(metrics, now - began, seconds))
            if int(progressed * _EVALUATIONS) > evaluated and progressed < 1:
                evaluated = int(progressed * _EVALUATIONS)
                self._say(f"step {self.steps:,} held out | {describe(self._measure(_MOST_EVALUATED))}")
        return True

    def finish(self) -> tuple[network_weights.Weights, dict[str, float]]:
        """The trained network, and its agreement with the teacher on all held-out positions.

        The latter is empty without held-out games.
        """
        return self._learner.candidate(), self._measure(len(self._games.held_out))

    def _measure(self, most: int) -> dict[str, float]:
        """The `AGREEMENT` on at most so many held-out positions, evenly spread."""
        held_out = self._games.held_out
        if not len(held_out):
            return {}
        self._learner.candidate()  # computes the batch-norm statistics that an evaluation needs
        found = self._learner.evaluate(in_batches(held_out, most, self._batch_size))
        return {name: found[name] for name in AGREEMENT}

    def _line(self, metrics: dict[str, float], elapsed_s: float, seconds: float) -> str:
        left = progress.time_left(max(0.0, seconds - elapsed_s))
        parts = [f"step {self.steps:,}", f"{elapsed_s / 60:.1f} min, {left}", f"loss {metrics['loss']:.3f}"]
        parts += [" ".join(f"{name} {metrics[f'{name}_loss']:.3f}" for name in ("policy", "value"))]
        return " | ".join([*parts, f"samples/s {self.samples / elapsed_s:,.0f}"])


def describe(agreement: dict[str, float]) -> str:
    """The agreement as a part of a line."""
    if not agreement:
        return "no held-out games"
    divergence, same, error = (agreement[name] for name in AGREEMENT)
    return f"policy KL {divergence:.3f} | same best move {same:.1%} | value mse {error:.4f}"


def in_batches(window: replay.ReplayWindow, most: int, batch_size: int) -> list[batches.TrainingBatch]:
    """At most so many positions of the window, evenly spread, in parts of nearly equal length."""
    first, count = window.positions - len(window), min(most, len(window))
    numbers = first + np.arange(count) * len(window) // count
    parts = np.array_split(numbers, -(-count // batch_size))
    return [window.gather(part, np.zeros(len(part), np.int64)) for part in parts]
