"""Supervised training on given positions. The result is the network with the lowest held-out loss."""

import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import rows as data_rows
from alphazero.datasets import corruption, dataset, shuffle, stream
from alphazero.supervised import training_state
from alphazero.training import checkpoint, data_parallel, trainer

_STEPS_AT_ONCE = 8
"""Calls of the learner end at multiples of this number, so that a resumed run makes the same calls."""
_SPEED_INTERVAL_S = 1.0
_logger = logging.getLogger(__name__)


class Ending(Enum):
    """Reasons for the end of training."""

    bound = "a bound was reached"
    patience = "the held-out loss no longer falls"
    interrupted = "interrupted"


class ProgressListener(Protocol):
    """Receives the progress of training, in the process of rank 0."""

    def on_steps(self, step: int, metrics: dict[str, float], skipped: str) -> None:
        """Called after some steps, with means of their metrics and a summary of the data skipped so far."""
        ...

    def on_evaluation(self, step: int, metrics: dict[str, float], is_best: bool) -> None:
        """Called after an evaluation on the held-out positions."""
        ...


class SupervisedTraining:
    """Training in one rank. All ranks do the same work; only rank 0 reports and saves."""

    def __init__(
        self,
        config: schema.Config,
        found: dataset.Survey,
        folder: Path,
        group: data_parallel.Ranks,
        listener: ProgressListener,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """folder: of the checkpoints. Training resumes from the newest one.

        Raises ValueError if that checkpoint belongs to another network or to self-play.
        """
        self._config = config
        self._group = group
        self._listener = listener
        self._clock = clock
        training = config.training
        kind = checkpoint.of_run if group.number == 0 else _read_only
        self._learner = training_state.SupervisedLearner(config, group)
        self._trainer = trainer.Trainer(self._learner, kind(folder, training), training)
        jobs = [found.job(config, group.number, reader) for reader in range(config.data.num_readers)]
        digest = _digest_of(jobs[0], training.num_ranks)
        if self._trainer.restore() and self._learner.saved is not None:
            self._learner.supervised = training_state.SupervisedState.of_state(self._learner.saved)
        self._state.data, places = digest, self._places(digest)
        self._minutes_before, self._began = self._state.minutes, clock()
        self._held_out = _in_batches(found.held_out, training.batch_size)
        self._stream = stream.BatchStream(jobs, places)
        for skipped in found.skipped:
            self._stream.note(skipped)
        self._speed = _Speed(clock)

    @property
    def step(self) -> int:
        """Optimizer steps taken."""
        return self._learner.step

    @property
    def best(self) -> training_state.BestNetwork:
        """The result, which exists once `run` has ended without an interruption."""
        assert self._state.best is not None, "no network was evaluated yet"
        return self._state.best

    @property
    def samples(self) -> int:
        """Positions trained on, repeated ones included."""
        return self._learner.samples

    def run(self, should_stop: Callable[[], bool]) -> Ending:
        """Trains until an `Ending`, then writes a checkpoint. Raises RuntimeError if it cannot be written.

        should_stop: called between calls of the learner; only rank 0's result counts.
        """
        try:
            ending = self._train_on(should_stop)
            if ending is not Ending.interrupted and self._state.evaluated_step != self.step:
                self._evaluate_held_out()
            if not self._save():
                raise RuntimeError(f"step {self.step} could not be saved; the previous checkpoint is intact")
            return ending
        finally:
            self._stream.close()

    def skipped(self) -> str:
        """Summary of the data that all ranks skipped, or empty. Every rank must make the same call."""
        merged: dict[Any, corruption.Corruption] = {}
        for found in self._group.all(self._stream.corruptions):
            merged |= found
        return summary(merged)

    @property
    def _state(self) -> training_state.SupervisedState:
        return self._learner.supervised

    def _train_on(self, should_stop: Callable[[], bool]) -> Ending:
        data = self._config.data
        while True:
            is_interrupted, progress = self._group.all((should_stop(), self._progress()))[0]
            if is_interrupted:
                return Ending.interrupted
            if progress >= 1:
                return Ending.bound
            if data.patience and self._state.evaluations_since_best >= data.patience:
                return Ending.patience
            self._train(progress)
            if self._held_out and self.step % data.evaluate_steps == 0:
                self._evaluate_held_out()
            if self.step % self._config.training.checkpoint_steps == 0:
                self._save()

    def _train(self, progress: float) -> None:
        drawn = [self._stream.take() for _ in range(self._num_steps())]
        taken = self._trainer.train(drawn, progress)
        self._state.epochs = self._stream.epochs
        self._state.minutes = self._minutes_before + (self._clock() - self._began) / 60
        if taken:
            means = {name: sum(metrics[name] for metrics in taken) / len(taken) for name in taken[0]}
            known = {"progress": progress, "epochs": self._state.epochs, "minutes": self._state.minutes}
            speed = self._speed.metrics(self.samples, self._stream.waited_s)
            self._listener.on_steps(self.step, means | known | speed, summary(self._stream.corruptions))

    def _num_steps(self) -> int:
        """Steps until the next evaluation, checkpoint, end, or multiple of _STEPS_AT_ONCE."""
        every = (
            _STEPS_AT_ONCE,
            self._config.data.evaluate_steps,
            self._config.training.checkpoint_steps,
            self._config.stop.steps or _STEPS_AT_ONCE,
        )
        return min(number - self.step % number for number in every)

    def _evaluate_held_out(self) -> None:
        """Evaluates the EMA network on the held-out positions, and keeps it if it is the best so far."""
        weights = self._learner.candidate()
        measured = (
            self._learner.evaluate(self._held_out) if self._held_out and self._group.number == 0 else {}
        )
        metrics = self._group.all(measured)[0]
        best = self._state.best
        is_best = best is None or not metrics or metrics["loss"] < best.metrics["loss"]
        self._state.evaluations_since_best = 0 if is_best else self._state.evaluations_since_best + 1
        self._state.evaluated_step = self.step
        if is_best:
            self._state.best = training_state.BestNetwork(self.step, metrics, weights)
        self._listener.on_evaluation(self.step, metrics, is_best)

    def _save(self) -> bool:
        self._state.places = self._group.all(self._stream.places)
        return self._trainer.save()

    def _progress(self) -> float:
        epochs = self._config.data.epochs
        minutes = self._minutes_before + (self._clock() - self._began) / 60
        share = self._config.stop.progress(minutes=minutes, games=0, steps=self.step, promotions=0)
        return max(share, min(1.0, self._state.epochs / epochs)) if epochs else share

    def _places(self, digest: str) -> list[shuffle.Place]:
        """Places where this rank's readers resume. If files or settings have changed, a new pass begins."""
        saved = self._learner.saved
        if saved is None or self._state.places is None:
            return []
        if saved["data"] == digest:
            return self._state.places[self._group.number]
        if self._group.number == 0:
            _logger.warning("files, readers or data settings have changed: a new pass begins")
        epoch = 1 + max(place.epoch for rank in self._state.places for place in rank)
        return [shuffle.Place(epoch=epoch)] * self._config.data.num_readers


class _Speed:
    """Samples per second and the fraction of time that training waited for data, over the last second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._mark: tuple[float, int, float] | None = None
        self._metrics = {"samples_per_s": 0.0, "data_wait_fraction": 0.0}

    def metrics(self, samples: int, waited_s: float) -> dict[str, float]:
        """Takes the totals of samples and of waiting time. The first call starts the measurement."""
        now = self._clock()
        if self._mark is None:
            self._mark = (now, samples, waited_s)
        elapsed = now - self._mark[0]
        if elapsed >= _SPEED_INTERVAL_S:
            self._metrics = {
                "samples_per_s": max(0, samples - self._mark[1]) / elapsed,
                "data_wait_fraction": (waited_s - self._mark[2]) / elapsed,
            }
            self._mark = (now, samples, waited_s)
        return self._metrics


class _ReadOnly(checkpoint.Checkpoints):
    """Checkpoints of the other ranks, which do not write them."""

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Does nothing."""


def _read_only(folder: Path, config: Any) -> checkpoint.Checkpoints:
    return _ReadOnly(folder, config.keep_checkpoints)


def summary(found: dict[Any, corruption.Corruption]) -> str:
    """Counts by reason, such as "3 cut, 1 size"; empty if nothing was skipped."""
    counts: Counter[str] = Counter()
    for skipped in found.values():
        counts[skipped.reason.name] += skipped.count
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def _in_batches(held_out: batches.TrainingBatch | None, batch_size: int) -> list[batches.TrainingBatch]:
    """The held-out positions in parts of nearly equal length, because metrics are means over parts."""
    if held_out is None:
        return []
    rows = np.arange(len(held_out.value))
    return [data_rows.take(held_out, part) for part in np.array_split(rows, -(-len(rows) // batch_size))]


def _digest_of(job: shuffle.Job, num_ranks: int) -> str:
    """Digest of everything that determines the order of positions."""
    facts = {
        "files": [str(source.path) for source in job.files],
        "size": job.reading.size,
        "held_out": [job.split.fraction, job.split.files is None],
        "numbers": [job.batch_size, job.window, job.seed, job.num_shards, num_ranks],
    }
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
