"""The driver, which starts the actors, watches them, and ends the run. No games or gradients pass through it.

SelfPlayActor x N --games--> ReplayBuffer --batches--> LearnerActor
     ^                          | game log                 | candidates
     | newest or best           v                          v
 WeightStore <---promote--- EvaluatorActor <------- WeightStore
                                | matches, weights/promoted
 all actors --metrics--> ReporterActor --> TensorBoard, status.json, this driver's panel

loop        consumes            produces          waits for                freed by
self-play   newest network      games             a free push              replay buffer
                                                  (far ahead) the learner  learner
learner     batches             candidates        replay ratio             games
evaluator   newest candidate    promoted files    a newer candidate        learner
ladder      promoted files      ratings           a promotion              evaluator
mirror      promoted files,     the same in a     new files; the place     evaluator, learner
            checkpoints         second place
"""

import logging
import math
import signal
import threading
import time
from dataclasses import replace
from typing import cast

import ray
from ray import exceptions

from actors import (
    autoscaling,
    balance,
    cluster,
    cluster_nodes,
    handles,
    memory,
    messages,
    plan_follower,
    ray_errors,
    replanning,
    starting,
    supervision,
)
from actors import plan as plans
from alphazero import cpu_meter, files, heap
from alphazero.config import schema
from alphazero.report import panel, status
from alphazero.run_files import promotion, run_folder

_logger = logging.getLogger(__name__)
_TICK_S = 0.5
_RELEASE_S = 60.0
"""Pause between releases of the driver's memory."""
_STOP_S = 30.0
_LAST_GATE_S = 900.0
"""Longest time for the last gate of a run that is complete."""
_STOP_EARLY_S = 3.0
"""Before the first move there is nothing to save, and a process that compiles ignores `stop`."""


def run(config: schema.Config, folder: run_folder.RunFolder) -> None:
    """Runs until a stop.* bound is reached.

    folder: opened by the caller. Raises ValueError for the user's mistakes, KeyboardInterrupt after
    saving if a signal arrived, RuntimeError if an actor failed.
    """
    heap.use_one_arena()
    heap.rebuild_intern_table()
    # The handlers do not raise: an asynchronous exception breaks Ray's calls into C++.
    interrupted = threading.Event()
    namespace = f"alphazero-{files.sha256(str(folder.path).encode())[:12]}"
    where = cluster.connect(config, str(folder.log), namespace)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    requests = autoscaling.Requests(namespace) if config.cluster.grows else None
    replanner = replanning.Replanner(config, cluster_nodes.Nodes(config), requests)
    try:
        cluster.wait_for_last_session(namespace)
        plan = replanner.first_plan(interrupted)
        if plan is not None:
            text = "\n".join([plan.text(), *memory.lines(config, plan)])
            print(f"run folder {folder.path}, {where}:\n{text}", flush=True)
            _logger.info("started on %s", where)
            RunDriver(config, folder, plan, replanner, interrupted).run()
    finally:
        replanner.withdraw()
        ray.shutdown()
    if interrupted.is_set():
        raise KeyboardInterrupt


class RunDriver:
    """The life of a run's actors: `_start`, `_watch`, `_stop`.

    Ray restarts the services (replay buffer, weight store, reporter), and calls to them wait for that.
    `SupervisedActors` restarts the actors with a loop. If the driver is killed, Ray ends all actors, and the
    same command continues the run.
    """

    def __init__(
        self,
        config: schema.Config,
        folder: run_folder.RunFolder,
        plan: plans.Plan,
        replanner: replanning.Replanner,
        interrupted: threading.Event,
        starter: starting.ActorStarter | None = None,
    ) -> None:
        """plan: the first one of `replanner`. interrupted: set by the caller to end the run early.

        starter: starts the run's actors; simulated clusters pass another.
        """
        self._config = config
        self._folder = folder
        self._replanner = replanner
        self._interrupted = interrupted
        self._starter = starter or starting.ActorStarter(config, folder)
        self._supervised = supervision.SupervisedActors()
        self._placement = plan_follower.PlanFollower(plan, self._starter, self._supervised)
        self._balance = balance.BalanceMeter(config.training)
        self._promotions = promotion.Promotions(folder.promoted)
        self._meter = cpu_meter.CpuMeter()
        self._minutes_before = status.minutes_so_far(folder.path)
        self._began = time.monotonic()
        self._first_move_s: float | None = None
        self._is_complete = False
        self._released_at = time.monotonic()
        self._num_selfplay_actors = 0
        self._had_network = False

    def run(self) -> None:
        """Starts all actors, watches them until the end, and stops them."""
        try:
            with panel.Panel(str(self._folder.path)) as view:
                view.show(status.Status(waiting_for="actors to start"))
                self._start()
                self._wait_for_services(view)
                self._watch(view)
        except exceptions.RayError as error:
            raise RuntimeError(f"{ray_errors.last_line(error)}; details in {self._folder.log}") from error
        except RuntimeError as error:
            raise RuntimeError(f"{error}; details in {self._folder.log}") from error
        finally:
            self._stop()

    def _start(self) -> None:
        """Starts the services and the actors that the first move needs."""
        self._starter.start_services(self._placement.plan)
        self._placement.start()

    def _wait_for_services(self, view: panel.Panel) -> None:
        """Shows the number of missing actors until the services, which provide the metrics, are ready."""
        services = self._starter.services
        all_services = (services.reporter, services.weight_store, services.replay_buffer)
        pending = [service.__ray_ready__.remote() for service in all_services]
        while pending and not self._interrupted.is_set():
            self._supervised.check(_TICK_S)
            self._update_plan()
            ready, pending = ray.wait(pending, num_returns=len(pending), timeout=0)
            ray.get(ready)
            missing = f"{len(pending)} of {len(all_services)} missing"
            view.show(status.Status(waiting_for=f"actors to start ({missing})"))

    def _watch(self, view: panel.Panel) -> None:
        """Supervises the actors, and passes the run's state between them, until a stop.* bound is reached."""
        while not self._interrupted.is_set():
            self._supervised.check(_TICK_S)
            self._update_plan()
            self._report_totals()
            now = ray.get(self._starter.services.reporter.snapshot.remote())
            self._num_selfplay_actors = now.actors
            self._balance.update(now)
            self._start_others_after_first_move(now)
            fraction = self._config.stop.progress(
                minutes=now.minutes, games=now.games, steps=now.step, promotions=now.promotions
            )
            view.show(now, is_last=fraction >= 1)
            if fraction >= 1:
                self._is_complete = True
                if self._first_move_s is None:
                    # An earlier session may have been killed before its last files were mirrored.
                    self._placement.start_mirror()
                elif now.promotions < (self._config.stop.promotions or math.inf):
                    self._judge_last(view)
                return
            self._inform_learner(
                messages.RunProgress(fraction=fraction, games=now.games, positions=now.positions)
            )
            self._release_memory()

    def _judge_last(self, view: panel.Panel) -> None:
        """Stops self-play and the learner, and lets the evaluator judge the learner's last network.

        The last minutes of a schedule are worth the most, and gates may be resting.
        """
        ends_at = time.monotonic() + _LAST_GATE_S

        def should_stop() -> bool:
            now = ray.get(self._starter.services.reporter.snapshot.remote())
            view.show(replace(now, waiting_for="the last network's gate; Ctrl-C ends it"))
            return self._interrupted.is_set() or time.monotonic() > ends_at

        self._supervised.ask_to_stop(plans.SELF_PLAY)
        has_ended = self._supervised.finish(
            plans.LEARNER, lambda learner: learner.stop.remote(), should_stop
        ) and self._supervised.finish(
            plans.EVALUATOR,
            lambda evaluator: cast(handles.EvaluatorHandle, evaluator).finish.remote(),
            should_stop,
        )
        if not has_ended:
            _logger.warning("the last network was not judged")

    def _release_memory(self) -> None:
        """Gives free memory back now and then: a driver lives as long as its run."""
        if time.monotonic() - self._released_at > _RELEASE_S:
            self._released_at = time.monotonic()
            heap.release()

    def _update_plan(self) -> None:
        """Makes a new plan if nodes came or went, and moves the actors whose place changed."""
        nodes = self._replanner.check_nodes()
        if nodes is not None:
            self._placement.leave_lost_nodes(nodes)
            plan = self._replanner.next_plan(nodes, self._placement.plan, self._balance.capacity)
            self._placement.follow(plan)

    def _report_totals(self) -> None:
        """Sends the reporter the metrics of the driver and the replay buffer."""
        services = self._starter.services
        run: dict[str, float | str] = {
            "minutes": self._minutes_before + (time.monotonic() - self._began) / 60,
            "promotions": self._promotions.count(),
            "weights": max(0, ray.get(services.weight_store.versions.remote()).best),
            "deaths": self._supervised.deaths,
            **self._meter.totals(),
        }
        if self._first_move_s is not None:
            run["first_move_s"] = self._first_move_s
        if self._balance.text:
            run["balance"] = self._balance.text
        if self._num_selfplay_actors == 0:
            run["waiting_for"] = "self-play to start"
        elif self._placement.plan.missing:
            run["waiting_for"] = self._placement.plan.missing
        services.reporter.record.remote("run", run)
        services.reporter.record.remote("replay", ray.get(services.replay_buffer.metrics.remote()))

    def _start_others_after_first_move(self, now: status.Status) -> None:
        """Logs the first move, and starts the actors that would have delayed it."""
        if now.first_move_s is not None and self._first_move_s is None:
            self._first_move_s = now.first_move_s
            _logger.info("first self-play move %.1f s after the start", now.first_move_s)
            self._placement.start_others()

    def _inform_learner(self, progress: messages.RunProgress) -> None:
        """Sends the learner the run's progress, and makes it publish again if the weight store died."""
        learner = cast(handles.LearnerHandle | None, self._supervised.handle(plans.LEARNER))
        versions = ray.get(self._starter.services.weight_store.versions.remote())
        if learner is not None:
            learner.set_progress.remote(progress)
            # One missing network suffices: the learner may have published after the store's death.
            if self._had_network and min(versions) < 0:
                learner.publish_again.remote()
        self._had_network |= max(versions) >= 0

    def _stop(self) -> None:
        """Stops all actors and waits for the learner's last checkpoint."""
        is_early = self._first_move_s is None and not self._is_complete
        late = self._supervised.stop(_STOP_EARLY_S if is_early else _STOP_S)
        for name in [] if is_early else late:
            _logger.warning("%s did not stop within %.0f s", name, _STOP_S)
        if not self._starter.has_services:
            return
        try:
            # The last pushes came after the last report: status.json should count them.
            self._report_totals()
            ray.wait([self._starter.services.reporter.close.remote()], timeout=_STOP_S)
        except exceptions.RayError as error:
            _logger.warning("the last metrics are missing: %s", ray_errors.last_line(error))
        mirror = cast(handles.MirrorHandle | None, self._supervised.handle(plans.MIRROR))
        if mirror is not None:
            ray.wait([mirror.finish.remote()], timeout=_STOP_S)
