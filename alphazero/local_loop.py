"""The whole loop in one process without Ray, for tests, GPUs without Ray, and debugging.

The classes are those that the actors wrap; this module only fixes their order. Runs with the same seed are
identical as long as the same inference backend is chosen.
"""

import logging
import threading
import time

import numpy as np

from alphazero.config import schema
from alphazero.config import selfplay as selfplay_config
from alphazero.data import rows as data_rows
from alphazero.data import store
from alphazero.evaluation import gate
from alphazero.net import inference
from alphazero.report import clock, panel, reporter, status
from alphazero.run_files import candidate as candidates
from alphazero.run_files import promotion, refused, run_folder
from alphazero.search import symmetries
from alphazero.selfplay import mixed_sizes, warm_up
from alphazero.storage import background
from alphazero.training import checkpoint, learner, trainer

_REPORT_INTERVAL_S = 1.0
_logger = logging.getLogger(__name__)


class LocalLoop:
    """Self-play, learner and gate of one run, which `run` executes until a stop.* bound."""

    def __init__(self, config: schema.Config, folder: run_folder.RunFolder) -> None:
        """folder: opened by the caller. If it holds a run, that run is resumed."""
        self._config = config
        self._title = str(folder.path)
        self._promotions = promotion.Promotions(folder.promoted)
        self._reporter = reporter.Reporter(folder.path, checkpoint.newest_step(folder.checkpoints))
        self._minutes_before, self._began = status.minutes_so_far(folder.path), time.monotonic()
        self._first_move_s: float | None = None
        self._wait_for("kernels" + " to be compiled (half a minute)" * warm_up.is_needed(config))
        warm_up.warm_up(config)
        self._gate = gate.Gate(config, folder)
        self._learner = learner.Learner(config)
        self._best = self._start_best()
        self._judged = max(self._best.version, refused.newest_step(folder.refused))
        self._trainer = trainer.Trainer(
            self._learner, checkpoint.of_run(folder.checkpoints, config.training), config.training
        )
        self._trainer.restore()
        self._store = store.ReplayStore(config, folder.games)
        self._store.restore(self._learner.samples)
        self._plays_latest = config.selfplay.play_with is selfplay_config.PlayWith.latest
        playing = self._candidate() if self._plays_latest else self._best
        self._wait_for("the measurement of inference backends")
        self._evaluators = {
            size: inference.make_evaluator(
                playing.weights,
                size=size,
                device=config.training.device,
                precision=config.training.precision,
                batch=config.selfplay.num_games,
            )
            for size in config.game.shares
        }
        # The number of positions identifies the session: a resumed run must not use a game's name twice.
        session = self._store.counters.positions
        rng = np.random.default_rng([config.run.seed, 2, session])
        self._asked = {
            size: symmetries.wrap(evaluator, config.search, size, rng)
            for size, evaluator in self._evaluators.items()
        }
        self._worker = mixed_sizes.SizesWorker(
            config,
            self._asked,
            name=f"local-{session}",
            rng=rng,
            weights=playing.version,
        )
        self._worker.set_total_games(self._store.counters.games)
        self._reported = 0.0
        self._mirror = background.make(config, folder.path) if config.mirror.uri is not None else None

    def run(self) -> None:
        """Plays and trains until a stop.* bound or Ctrl-C, then saves."""
        if self._mirror is not None:
            threading.Thread(target=self._mirror.run, name="mirror", daemon=True).start()
        try:
            with panel.Panel(self._title) as view:
                while self._progress() < 1:
                    self._step()
                    view.show(self._reporter.snapshot())
            self._judge_last()
        finally:
            self._trainer.save()
            self._reported = 0.0
            self._progress()  # status.json should count the last games
            self._reporter.close()
            if self._mirror is not None:
                self._mirror.finish()

    def _step(self) -> None:
        """Plays one move in every game, then trains as far as that allows."""
        games = self._worker.play_move()
        if self._first_move_s is None:
            self._first_move_s = time.time() - clock.process_began()
            _logger.info("first self-play move %.1f s after the start", self._first_move_s)
        if games:
            self._store.add_games(games, "local")
            self._worker.set_total_games(self._store.counters.games)
        metrics = {**self._worker.metrics(), "first_move_s": self._first_move_s}
        self._reporter.record("selfplay000", {**metrics, "backend": self._backend()})
        self._learn()

    def _backend(self) -> str:
        return self._evaluators[self._config.game.size].describe()

    def _wait_for(self, what: str) -> None:
        """Reports what delays the run's first move."""
        _logger.info("waiting for %s", what)
        print(f"waiting for {what}", flush=True)

    def _start_best(self) -> candidates.Candidate:
        promoted = self._promotions.latest()
        best = self._candidate() if promoted is None else candidates.from_promoted(promoted)
        self._gate.start_with(best)
        return best

    def _candidate(self, games: int = 0, positions: int = 0) -> candidates.Candidate:
        return candidates.Candidate(
            version=self._learner.step, weights=self._learner.candidate(), games=games, positions=positions
        )

    def _learn(self) -> None:
        """Trains for as long as the replay ratio allows."""
        training = self._config.training
        while (drawn := self._store.request_batches(1, training.batch_size)) is not None:
            metrics = self._trainer.train(drawn, self._progress())
            self._trainer.grow_if_due(self._config.net, self._store.counters.positions)
            step = self._learner.step
            self._store.set_samples(self._learner.samples)  # lower after a rollback
            for taken in metrics:
                self._reporter.record("learner", {**taken, "step": step}, step)
            if step % training.checkpoint_steps == 0:
                self._trainer.save()
            if step % training.publish_steps == 0:
                self._publish()
            if self._progress() >= 1:
                return

    def _publish(self) -> None:
        counters = self._store.counters
        candidate = self._candidate(counters.games, counters.positions)
        self._measure()
        is_promoted = candidate.version >= self._judged + self._config.gate.every_steps and self._judge(
            candidate
        )
        if is_promoted or self._plays_latest:
            for evaluator in self._evaluators.values():
                evaluator.load(candidate.weights)
            self._worker.set_weights(self._asked, candidate.version)

    def _measure(self) -> None:
        """Records the candidate's metrics on held-out games."""
        training = self._config.training
        drawn = self._store.held_out_batches(training.held_out_batches, training.batch_size)
        for name, part in data_rows.by_size(drawn, "held_out").items():
            self._reporter.record(name, self._learner.evaluate(part), self._learner.step)

    def _judge(self, candidate: candidates.Candidate) -> bool:
        self._judged = candidate.version
        outcome = self._gate.judge(
            candidate, on_progress=lambda metrics: self._reporter.record("match", metrics)
        )
        assert outcome is not None, "this match cannot be stopped"
        self._reporter.record("gate", outcome.metrics(), candidate.version)
        if outcome.is_promoted:
            self._best = candidate
        return outcome.is_promoted

    def _judge_last(self) -> None:
        """Judges the learner's last network, as the last minutes of a schedule are worth the most."""
        counters, most = self._store.counters, self._config.stop.promotions
        if self._learner.step > self._judged and (most is None or self._promotions.count() < most):
            self._judge(self._candidate(counters.games, counters.positions))

    def _progress(self) -> float:
        minutes = self._minutes_before + (time.monotonic() - self._began) / 60
        promotions = self._promotions.count()
        if time.monotonic() - self._reported > _REPORT_INTERVAL_S:
            self._reported = time.monotonic()
            metrics = {"minutes": minutes, "promotions": promotions, "weights": self._best.version}
            self._reporter.record("run", metrics)
            self._reporter.record("replay", self._store.metrics())
            if self._mirror is not None:
                self._reporter.record("mirror", self._mirror.metrics)
        return self._config.stop.progress(
            minutes=minutes, games=self._store.counters.games, steps=self._learner.step, promotions=promotions
        )
