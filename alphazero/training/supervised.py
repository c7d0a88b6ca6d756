"""Supervised training: positions of others in, the network that does best on held-out ones out."""

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
from alphazero.data import damage as damages
from alphazero.data import rows as data_rows
from alphazero.data import shuffle, stream, survey
from alphazero.training import checkpoint, standing, trainer
from alphazero.training import ranks as all_ranks

_STEPS_AT_ONCE = 8
"""A call of the learner ends at its multiples, so that a run which is resumed makes the same calls."""
_SPEED_INTERVAL_S = 1.0
_logger = logging.getLogger(__name__)


class Ending(Enum):
    """Why training ended."""

    bound = "a bound was reached"
    patience = "the held-out loss no longer falls"
    interrupted = "interrupted"


class Watcher(Protocol):
    """Who hears how it goes, in the process of rank 0."""

    def trained(self, step: int, figures: dict[str, float], skipped: str) -> None:
        """After some steps: means of their figures, and what was left out of the data so far."""
        ...

    def looked(self, step: int, figures: dict[str, float], is_best: bool) -> None:
        """After a look at the held-out positions."""
        ...


class Supervised:
    """Training in one rank; all ranks do the same, and the first one tells and saves."""

    def __init__(
        self,
        config: schema.Config,
        found: survey.Survey,
        folder: Path,
        group: all_ranks.Ranks,
        watcher: Watcher,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """folder: of the checkpoints; from the newest one training goes on.

        ValueError where that is of another network or of self-play.
        """
        self._config = config
        self._group = group
        self._watcher = watcher
        self._clock = clock
        training = config.training
        kind = checkpoint.of_run if group.number == 0 else _read_only
        self._pupil = standing.Pupil(config, group)
        self._trainer = trainer.Trainer(self._pupil, kind(folder, training), training)
        jobs = [found.job(config, group.number, reader) for reader in range(config.data.num_readers)]
        digest = _digest_of(jobs[0], training.num_ranks)
        if self._trainer.restore() and self._pupil.saved is not None:
            self._pupil.standing = standing.Standing.of_state(self._pupil.saved)
        self._standing.data, places = digest, self._places(digest)
        self._minutes_before, self._began = self._standing.minutes, clock()
        self._held_out = _in_batches(found.held_out, training.batch_size)
        self._stream = stream.Stream(jobs, places)
        for damage in found.skipped:
            self._stream.note(damage)
        self._speed = _Speed(clock)

    @property
    def step(self) -> int:
        """Optimizer steps taken."""
        return self._pupil.step

    @property
    def best(self) -> standing.Best:
        """The result; there is one when `run` has ended by itself."""
        assert self._standing.best is not None, "nothing was looked at yet"
        return self._standing.best

    @property
    def samples(self) -> int:
        """Positions trained on, repeated ones included."""
        return self._pupil.samples

    def run(self, should_stop: Callable[[], bool]) -> Ending:
        """Trains to an end; then the checkpoint is written. RuntimeError where the disk does not take it.

        should_stop: asked between calls of the learner, in rank 0.
        """
        try:
            ending = self._train_on(should_stop)
            if ending is not Ending.interrupted and self._standing.looked_at_step != self.step:
                self._look()
            if not self._save():
                raise RuntimeError(f"step {self.step} could not be saved; the checkpoint before it is whole")
            return ending
        finally:
            self._stream.close()

    def skipped(self) -> str:
        """What was left out of the data, of all ranks, which must all call this alike; empty if nothing."""
        merged: dict[Any, damages.Damage] = {}
        for found in self._group.all(self._stream.damages):
            merged |= found
        return summary(merged)

    @property
    def _standing(self) -> standing.Standing:
        return self._pupil.standing

    def _train_on(self, should_stop: Callable[[], bool]) -> Ending:
        data = self._config.data
        while True:
            is_asked, progress = self._group.all((should_stop(), self._progress()))[0]
            if is_asked:
                return Ending.interrupted
            if progress >= 1:
                return Ending.bound
            if data.patience and self._standing.looks_in_vain >= data.patience:
                return Ending.patience
            self._train(progress)
            if self._held_out and self.step % data.evaluate_steps == 0:
                self._look()
            if self.step % self._config.training.checkpoint_steps == 0:
                self._save()

    def _train(self, progress: float) -> None:
        drawn = [self._stream.take() for _ in range(self._num_steps())]
        taken = self._trainer.train(drawn, progress)
        self._standing.epochs = self._stream.epochs
        self._standing.minutes = self._minutes_before + (self._clock() - self._began) / 60
        if taken:
            means = {name: sum(figures[name] for figures in taken) / len(taken) for name in taken[0]}
            known = {"progress": progress, "epochs": self._standing.epochs, "minutes": self._standing.minutes}
            speed = self._speed.figures(self.samples, self._stream.waited_s)
            self._watcher.trained(self.step, means | known | speed, summary(self._stream.damages))

    def _num_steps(self) -> int:
        """Up to the next multiple of what happens now and then."""
        every = (
            _STEPS_AT_ONCE,
            self._config.data.evaluate_steps,
            self._config.training.checkpoint_steps,
            self._config.stop.steps or _STEPS_AT_ONCE,
        )
        return min(number - self.step % number for number in every)

    def _look(self) -> None:
        """Measures the averaged network on the held-out positions, and keeps it if it is the best."""
        weights = self._pupil.candidate()
        measured = self._pupil.evaluate(self._held_out) if self._held_out and self._group.number == 0 else {}
        figures = self._group.all(measured)[0]
        best = self._standing.best
        is_best = best is None or not figures or figures["loss"] < best.figures["loss"]
        self._standing.looks_in_vain = 0 if is_best else self._standing.looks_in_vain + 1
        self._standing.looked_at_step = self.step
        if is_best:
            self._standing.best = standing.Best(self.step, figures, weights)
        self._watcher.looked(self.step, figures, is_best)

    def _save(self) -> bool:
        self._standing.places = self._group.all(self._stream.places)
        return self._trainer.save()

    def _progress(self) -> float:
        standing_, epochs = self._standing, self._config.data.epochs
        minutes = self._minutes_before + (self._clock() - self._began) / 60
        share = self._config.stop.progress(minutes=minutes, games=0, steps=self.step, promotions=0)
        return max(share, min(1.0, standing_.epochs / epochs)) if epochs else share

    def _places(self, digest: str) -> list[shuffle.Place]:
        """Where this rank's readers go on; a pass begins anew where files or settings are others."""
        saved = self._pupil.saved
        if saved is None or self._standing.places is None:
            return []
        if saved["data"] == digest:
            return self._standing.places[self._group.number]
        if self._group.number == 0:
            _logger.warning("other files, readers or data settings than before: the pass begins anew")
        epoch = 1 + max(place.epoch for rank in self._standing.places for place in rank)
        return [shuffle.Place(epoch=epoch)] * self._config.data.num_readers


class _Speed:
    """Samples per second and the share of time that training waited for data, over the last second."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._mark: tuple[float, int, float] | None = None
        self._figures = {"samples_per_s": 0.0, "data_wait_fraction": 0.0}

    def figures(self, samples: int, waited_s: float) -> dict[str, float]:
        """After totals of samples and of time waited; counted from the first call on."""
        now = self._clock()
        if self._mark is None:
            self._mark = (now, samples, waited_s)
        elapsed = now - self._mark[0]
        if elapsed >= _SPEED_INTERVAL_S:
            self._figures = {
                "samples_per_s": max(0, samples - self._mark[1]) / elapsed,
                "data_wait_fraction": (waited_s - self._mark[2]) / elapsed,
            }
            self._mark = (now, samples, waited_s)
        return self._figures


class _ReadOnly(checkpoint.Checkpoints):
    """Of the other ranks: the first one writes."""

    def save(self, step: int, state: dict[str, Any]) -> None:
        """Nothing."""


def _read_only(folder: Path, config: Any) -> checkpoint.Checkpoints:
    return _ReadOnly(folder, config.keep_checkpoints)


def summary(found: dict[Any, damages.Damage]) -> str:
    """Such as "3 cut, 1 size"; empty without damage."""
    counts: Counter[str] = Counter()
    for damage in found.values():
        counts[damage.reason.name] += damage.count
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def _in_batches(held_out: batches.Batch | None, batch_size: int) -> list[batches.Batch]:
    """In parts of nearly equal length, as figures are means over parts."""
    if held_out is None:
        return []
    rows = np.arange(len(held_out.value))
    return [data_rows.take(held_out, part) for part in np.array_split(rows, -(-len(rows) // batch_size))]


def _digest_of(job: shuffle.Job, num_ranks: int) -> str:
    """Of all that decides the order of positions."""
    facts = {
        "files": [str(source.path) for source in job.files],
        "size": job.reading.size,
        "held_out": [job.split.fraction, job.split.files is None],
        "numbers": [job.batch_size, job.window, job.seed, job.num_shards, num_ranks],
    }
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
