"""The driver: starts the actors, watches them, and ends the run. No game and no gradient passes here.

SelfPlayActor x N --games--> ReplayBuffer --batches--> LearnerActor
     ^                          | game log                 | candidates
     | newest or best           v                          v
 WeightStore <---promote--- EvaluatorActor <------- WeightStore
                                | matches, weights/promoted
 everyone --figures--> ReporterActor --> TensorBoard, status.json, this driver's panel

loop        consumes            produces          waits for                freed by
self-play   newest network      games             room among its pushes    replay buffer
                                                  (far ahead) the learner  learner
learner     batches             candidates        replay ratio             games
evaluator   newest candidate    promoted files    a newer candidate        learner
ladder      promoted files      ratings           a promotion              evaluator
"""

import logging
import signal
import threading
import time
from typing import Any

import ray
from ray import exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors import cluster, messages, worker_setup
from actors import plan as plans
from actors.evaluator import EvaluatorActor
from actors.ladder import LadderActor
from actors.learner import LearnerActor
from actors.replay_buffer import ReplayBuffer
from actors.reporter import ReporterActor
from actors.selfplay import SelfPlayActor
from actors.weight_store import WeightStore
from alphazero.config import schema
from alphazero.data import run_folder
from alphazero.evaluation import candidate as candidates
from alphazero.evaluation import promotion
from alphazero.report import clock, panel
from alphazero.report import status as run_status
from alphazero.training import checkpoint

_logger = logging.getLogger(__name__)
_TICK_S = 0.5
_STOP_S = 30.0
_STOP_EARLY_S = 3.0
"""Before the first move there is nothing to save, and a process that compiles hears nothing."""


def run(config: schema.Config, folder: run_folder.RunFolder) -> None:
    """Runs until a stop.* bound is reached.

    folder: opened by the caller. Raises ValueError for what the user can mend, KeyboardInterrupt
    after saving when a signal arrived, RuntimeError when an actor failed.
    """
    # A handler must not raise: Ray's calls into C++ do not survive an exception out of nowhere.
    interrupted = threading.Event()
    where = cluster.connect(config, str(folder.log))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    try:
        resources = ray.cluster_resources()
        plan = plans.make_plan(config, resources.get("CPU", 0), resources.get("GPU", 0))
        print(f"run folder {folder.path}, {where}:\n{plan.text()}", flush=True)
        _logger.info("started on %s", where)
        Supervisor(config, folder, plan, interrupted).run()
    finally:
        ray.shutdown()
    if interrupted.is_set():
        raise KeyboardInterrupt


def _last_line(error: Exception) -> str:
    """What a remote error says, without the trace that Ray puts before it."""
    return str(error).strip().splitlines()[-1]


class Supervisor:
    """The actors of one run and what the driver knows about it."""

    def __init__(
        self,
        config: schema.Config,
        folder: run_folder.RunFolder,
        plan: plans.Plan,
        interrupted: threading.Event,
    ) -> None:
        """interrupted: set from outside to end the run early."""
        self._interrupted = interrupted
        self._config = config
        self._folder = folder
        self._plan = plan
        self._minutes_before = run_status.minutes_so_far(folder.path)
        self._began = time.monotonic()
        self._has_moved = False
        self._num_players = 0
        self._promotions = promotion.Promotions(folder.weights / "promoted")
        self._handles: dict[str, Any] = {}
        self._players: list[Any] = []
        self._running: dict[Any, str] = {}

    def run(self) -> None:
        """Starts everything, watches until the end, and stops everything."""
        try:
            with panel.Panel(str(self._folder.path)) as view:
                view.show(run_status.Status(waiting_for="actors to start"))
                self._start()
                self._watch(view)
        finally:
            self._stop()

    def _start(self) -> None:
        config = self._config
        step = checkpoint.newest_step(self._folder.checkpoints)
        self._handles["reporter"] = self._spawn(ReporterActor, "reporter", config, step)
        self._handles["weight_store"] = self._spawn(WeightStore, "weight store", ray.put)
        best = self._promotions.latest()
        if best is not None:
            ray.get(self._handles["weight_store"].promote.remote(candidates.from_promoted(best)))
        self._handles["replay_buffer"] = self._spawn(ReplayBuffer, "replay buffer", config)
        place = self._plan.rank
        self._handles["learner"] = self._spawn(LearnerActor, "learner", config, self._handles, place)
        # The last one waits for the first move: until then the learner's start needs a core.
        self._start_players(max(1, self._num_players_planned - 1))

    @property
    def _num_players_planned(self) -> int:
        return self._plan.placements["self-play"].count

    def _start_players(self, count: int) -> None:
        """Adds self-play actors until there are `count`."""
        for number in range(len(self._players), count):
            arguments = (self._config, number, self._handles, clock.process_began())
            player = self._spawn(SelfPlayActor, "self-play", *arguments)
            self._players.append(player)
            self._running[player.run.remote()] = f"self-play {number}"

    def _spawn(self, actor: type, name: str, *arguments: Any) -> Any:
        """An actor with its share of the plan.

        Those with a loop have a second thread that hears `stop`; the others take one call at a time,
        which is all the locking that they have.
        """
        place = self._plan.placements[name]
        threads = 2 if hasattr(actor, "stop") else 1
        options = {"num_cpus": place.cpus, "num_gpus": place.gpus, "max_concurrency": threads}
        if actor is not SelfPlayActor:
            # They write to the run's folder, which is on this machine's disk.
            here = ray.get_runtime_context().get_node_id()
            options["scheduling_strategy"] = NodeAffinitySchedulingStrategy(here, soft=False)
        return ray.remote(worker_setup.on_start(actor)).options(**options).remote(*arguments)

    @property
    def _stoppable(self) -> dict[str, Any]:
        named = {f"self-play {number}": player for number, player in enumerate(self._players)}
        return named | {
            name: self._handles[name] for name in ("learner", "evaluator", "ladder") if name in self._handles
        }

    def _watch(self, view: panel.Panel) -> None:
        self._running[self._handles["learner"].run.remote()] = "learner"
        self._wait_for_services(view)
        reporter = self._handles["reporter"]
        while not self._interrupted.is_set():
            self._check_actors()
            self._report_totals()
            now: run_status.Status = ray.get(reporter.snapshot.remote())
            self._num_players = now.actors
            self._note_first_move(now)
            fraction = self._config.stop.progress(
                minutes=now.minutes, games=now.games, steps=now.step, promotions=now.promotions
            )
            view.show(now, is_last=fraction >= 1)
            if fraction >= 1:
                return
            news = messages.Progress(fraction=fraction, games=now.games, positions=now.positions)
            self._handles["learner"].set_progress.remote(news)

    def _wait_for_services(self, view: panel.Panel) -> None:
        """Shows how the actors come up that the figures come from."""
        names = ("reporter", "weight_store", "replay_buffer")
        starting = [self._handles[name].__ray_ready__.remote() for name in names]
        while starting and not self._interrupted.is_set():
            self._check_actors()
            ready, starting = ray.wait(starting, num_returns=len(starting), timeout=0)
            ray.get(ready)
            view.show(
                run_status.Status(waiting_for=f"actors to start ({len(starting)} of {len(names)} missing)")
            )

    def _note_first_move(self, now: run_status.Status) -> None:
        """Logs it, and starts those who until then would only take time from those who hurry."""
        if now.first_move_s is not None and not self._has_moved:
            self._has_moved = True
            _logger.info("first self-play move %.1f s after the start", now.first_move_s)
            self._start_players(self._num_players_planned)
            evaluator = self._spawn(EvaluatorActor, "evaluator", self._config, self._handles)
            self._handles["evaluator"] = evaluator
            self._running[evaluator.run.remote()] = "evaluator"
            if "ladder" in self._plan.placements:
                ladder = self._spawn(LadderActor, "ladder", self._config, self._handles)
                self._handles["ladder"] = ladder
                self._running[ladder.run.remote()] = "ladder"

    def _report_totals(self) -> None:
        """Tells the reporter what the driver and the replay buffer know."""
        best = ray.get(self._handles["weight_store"].best.remote(-1))
        run: dict[str, float | str] = {
            "minutes": self._minutes_before + (time.monotonic() - self._began) / 60,
            "promotions": self._promotions.count(),
            "weights": best[0] if best is not None else 0,
        }
        if self._num_players == 0:
            run["waiting_for"] = "self-play to start"
        reporter = self._handles["reporter"]
        reporter.record.remote("run", run)
        reporter.record.remote("replay", ray.get(self._handles["replay_buffer"].figures.remote()))

    def _check_actors(self) -> None:
        """Waits a tick; an actor whose loop ended now ended by an error."""
        ended, _ = ray.wait(list(self._running), timeout=_TICK_S)
        for reference in ended:
            name = self._running.pop(reference)
            try:
                ray.get(reference)
            except exceptions.RayError as error:
                raise RuntimeError(
                    f"{name} failed: {_last_line(error)}; details in {self._folder.log}"
                ) from error
            raise RuntimeError(f"{name} ended before it was told to")

    def _stop(self) -> None:
        """Tells everyone to stop and waits for the learner's last checkpoint."""
        for actor in self._stoppable.values():
            actor.stop.remote()
        if self._running:
            patience_s = _STOP_S if self._has_moved else _STOP_EARLY_S
            _, late = ray.wait(list(self._running), num_returns=len(self._running), timeout=patience_s)
            for reference in late if self._has_moved else []:
                _logger.warning("%s did not stop within %.0f s", self._running[reference], _STOP_S)
        if self._running:
            # The last pushes came after the last look: status.json should count them.
            self._report_totals()
        if "reporter" in self._handles:
            ray.wait([self._handles["reporter"].close.remote()], timeout=_STOP_S)
