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

import functools
import logging
import signal
import threading
import time
from typing import Any

import ray
from ray import exceptions

from actors import (
    autoscaling,
    balance,
    cluster,
    cluster_nodes,
    memory,
    messages,
    planning,
    rank_group,
    selfplay_actors,
    supervision,
    worker_setup,
)
from actors import plan as plans
from actors.evaluator import EvaluatorActor
from actors.ladder import LadderActor
from actors.learner import LearnerActor
from actors.mirror import MirrorActor
from actors.replay_buffer import ReplayBuffer
from actors.reporter import ReporterActor
from actors.selfplay import SelfPlayActor
from actors.weight_store import WeightStore
from alphazero import files
from alphazero.config import schema
from alphazero.report import clock, panel, status
from alphazero.run_files import promotion, run_folder

_logger = logging.getLogger(__name__)
_TICK_S = 0.5
_NODES_S = 2.0
_STOP_S = 30.0
_STOP_EARLY_S = 3.0
"""Before the first move there is nothing to save, and a process that compiles ignores `stop`."""


def run(config: schema.Config, folder: run_folder.RunFolder) -> None:
    """Runs until a stop.* bound is reached.

    folder: opened by the caller. Raises ValueError for the user's mistakes, KeyboardInterrupt after
    saving if a signal arrived, RuntimeError if an actor failed.
    """
    # The handlers do not raise: an asynchronous exception breaks Ray's calls into C++.
    interrupted = threading.Event()
    namespace = f"alphazero-{files.sha256(str(folder.path).encode())[:12]}"
    where = cluster.connect(config, str(folder.log), namespace)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: interrupted.set())
    requests = autoscaling.Requests(namespace) if config.cluster.grows else None
    view = cluster_nodes.Nodes(config)
    try:
        cluster.wait_for_last_session(namespace)
        plan = _make_plan(config, view, requests, interrupted)
        if plan is not None:
            text = "\n".join([plan.text(), *memory.lines(config, plan)])
            print(f"run folder {folder.path}, {where}:\n{text}", flush=True)
            _logger.info("started on %s", where)
            Supervisor(config, folder, plan, interrupted, view, requests).run()
    finally:
        if requests is not None:
            requests.end()
        ray.shutdown()
    if interrupted.is_set():
        raise KeyboardInterrupt


def _make_plan(
    config: schema.Config,
    view: cluster_nodes.Nodes,
    requests: autoscaling.Requests | None,
    interrupted: threading.Event,
) -> plans.Plan | None:
    """The plan, on a growing cluster after the nodes have come; None after an interrupt."""
    has_told, began = False, time.monotonic()
    types = autoscaling.node_types() if requests is not None else []
    while not interrupted.is_set():
        try:
            plan = planning.make_plan(config, view.look())
        except ValueError as error:
            if requests is None:
                raise
            if _is_over(config, began):
                raise ValueError(f"cluster.wait_minutes={config.cluster.wait_minutes:g}: {error}") from None
            if not has_told:
                print(f"waiting for nodes: {error}", flush=True)
            has_told = True
            view.forget_use()
            requests.ask(autoscaling.demands(config, None, types))
            interrupted.wait(_NODES_S)
        else:
            return plan
    return None


def _is_over(config: schema.Config, since: float) -> bool:
    """Whether a wait for nodes that began at `since` has lasted for `cluster.wait_minutes`."""
    minutes = config.cluster.wait_minutes
    return minutes is not None and time.monotonic() - since >= 60 * minutes


class Supervisor:
    """The actors of one run and the driver's state.

    Ray restarts the services (replay buffer, weight store, reporter), and calls to them wait for that.
    `SupervisedActors` restarts the actors with a loop. If the driver is killed, Ray ends all actors, and the
    same command continues the run.
    """

    def __init__(
        self,
        config: schema.Config,
        folder: run_folder.RunFolder,
        plan: plans.Plan,
        interrupted: threading.Event,
        view: cluster_nodes.Nodes,
        requests: autoscaling.Requests | None = None,
    ) -> None:
        """interrupted: set by the caller to end the run early. view: the nodes that `plan` was made for.

        requests: to the autoscaler, None if the cluster does not grow.
        """
        self._view = view
        self._node_types = autoscaling.node_types() if requests is not None else []
        self._requests = requests
        self._interrupted = interrupted
        self._config = config
        self._folder = folder
        self._plan = plan
        self._nodes_checked_at = time.monotonic()
        self._minutes_before = status.minutes_so_far(folder.path)
        self._began = time.monotonic()
        self._first_move_s: float | None = None
        self._num_selfplay_actors = 0
        self._without_learner: float | None = None
        self._waits_for_ranks = False
        self._balance = balance.BalanceMeter(config.training)
        self._had_candidate = False
        self._promotions = promotion.Promotions(folder.promoted)
        self._handles: dict[str, Any] = {}
        self._supervised = supervision.SupervisedActors()
        self._selfplay = selfplay_actors.SelfPlayActors(self._supervised, self._make_player)

    def run(self) -> None:
        """Starts all actors, watches them until the end, and stops them."""
        try:
            with panel.Panel(str(self._folder.path)) as view:
                view.show(status.Status(waiting_for="actors to start"))
                self._start()
                self._watch(view)
        except exceptions.RayError as error:
            raise RuntimeError(f"{supervision.last_line(error)}; details in {self._folder.log}") from error
        except RuntimeError as error:
            raise RuntimeError(f"{error}; details in {self._folder.log}") from error
        finally:
            self._stop()

    def _start(self) -> None:
        self._handles["reporter"] = self._spawn(ReporterActor, "reporter", self._config)
        promoted = self._folder.promoted
        self._handles["weight_store"] = self._spawn(WeightStore, "weight store", promoted, ray.put)
        self._handles["replay_buffer"] = self._spawn(ReplayBuffer, "replay buffer", self._config)
        self._supervised.start(plans.LEARNER, self._make_learner)
        self._follow_plan()

    def _make_evaluator(self) -> Any:
        arguments = (self._config, self._handles, self._plan.one(plans.GATE_PLAYER))
        return self._spawn(EvaluatorActor, plans.EVALUATOR, *arguments)

    def _make_learner(self) -> Any:
        arguments = (self._config, self._handles, self._plan.of(plans.RANK))
        return self._spawn(LearnerActor, plans.LEARNER, *arguments)

    def _make_player(self, place: plans.Placement, number: int) -> Any:
        talk_s = plans.talk_interval_s(self._plan.num_players)
        num_threads = max(1, int(place.cpus)) if place.gpus else 1
        arguments = (self._config, number, self._handles, clock.process_began(), talk_s, num_threads)
        return _spawn_at(place, SelfPlayActor, f"{plans.SELF_PLAY} {number}", *arguments)

    def _spawn(self, actor: type, name: str, *arguments: Any) -> Any:
        """Starts the only actor of its kind, at its place in the plan."""
        place = self._plan.one(name)
        assert place is not None, name
        return _spawn_at(place, actor, name, *arguments)

    def _watch(self, view: panel.Panel) -> None:
        self._wait_for_services(view)
        reporter = self._handles["reporter"]
        while not self._interrupted.is_set():
            self._supervised.check(_TICK_S)
            self._update_plan()
            self._report_totals()
            now: status.Status = ray.get(reporter.snapshot.remote())
            self._num_selfplay_actors = now.actors
            self._balance.take(now)
            self._note_first_move(now)
            fraction = self._config.stop.progress(
                minutes=now.minutes, games=now.games, steps=now.step, promotions=now.promotions
            )
            view.show(now, is_last=fraction >= 1)
            if fraction >= 1:
                return
            self._inform_learner(
                messages.RunProgress(fraction=fraction, games=now.games, positions=now.positions)
            )

    def _wait_for_services(self, view: panel.Panel) -> None:
        """Shows the number of missing actors until the services, which provide the metrics, are ready."""
        names = ("reporter", "weight_store", "replay_buffer")
        starting = [self._handles[name].__ray_ready__.remote() for name in names]
        while starting and not self._interrupted.is_set():
            self._supervised.check(_TICK_S)
            self._update_plan()
            ready, starting = ray.wait(starting, num_returns=len(starting), timeout=0)
            ray.get(ready)
            view.show(status.Status(waiting_for=f"actors to start ({len(starting)} of {len(names)} missing)"))

    def _update_plan(self) -> None:
        """Makes a new plan if nodes came or went, and moves the actors whose place changed."""
        if time.monotonic() - self._nodes_checked_at < _NODES_S:
            return
        self._nodes_checked_at = time.monotonic()
        nodes = self._view.look()
        planned = {place.node.id for place in self._plan.placements}
        gone = planned - {node.id for node in nodes}
        self._selfplay.leave(gone)
        plan = planning.make_plan(self._config, nodes, before=self._plan)
        self._bound_the_wait(plan)
        if self._requests is not None:
            capacity = self._balance.capacity
            self._requests.ask(autoscaling.demands(self._config, plan, self._node_types, capacity))
        if plan == self._plan:
            if self._waits_for_ranks:
                self._follow_plan()
            return
        before, self._plan = self._plan, plan
        _logger.warning(
            "the cluster has %d nodes now: %d self-play actors instead of %d",
            len(nodes),
            plan.num_players,
            before.num_players,
        )
        _logger.info("the plan:\n%s", plan.text())
        self._move((plans.LEARNER, plans.RANK), before, self._make_learner)
        if self._first_move_s is not None:
            self._move((plans.EVALUATOR, plans.GATE_PLAYER), before, self._make_evaluator)
        self._follow_plan()

    def _move(self, names: tuple[str, str], before: plans.Plan, make: supervision.MakeHandle) -> None:
        """Restarts an actor if its place or that of its helpers changed; ends it if it has none.

        names: of the actor itself and of its helpers.
        """
        places = [place for name in names for place in self._plan.of(name)]
        if places == [place for name in names for place in before.of(name)]:
            return
        if not self._plan.of(names[0]):
            self._supervised.remove(names[0], at_once=True)
            rank_group.give_place_back()
        elif names[0] in self._supervised.names:
            self._supervised.replace(names[0], make)
        else:
            self._supervised.start(names[0], make)

    def _bound_the_wait(self, plan: plans.Plan) -> None:
        """Raises RuntimeError if the learner has had no place for longer than `cluster.wait_minutes`."""
        if plan.of(plans.LEARNER):
            self._without_learner = None
        elif self._without_learner is None:
            self._without_learner = time.monotonic()
            _logger.warning("the learner waits for a place: %s", plan.missing)
        elif _is_over(self._config, self._without_learner):
            minutes = self._config.cluster.wait_minutes
            raise RuntimeError(f"cluster.wait_minutes={minutes:g}: no place for the learner: {plan.missing}")

    def _follow_plan(self) -> None:
        """Starts and ends self-play actors as the plan requires.

        The last one waits for the first move, because the learner's start needs a core until then. The nodes
        of ranks on GPUs wait for the ranks' reservation, because self-play could leave a part of each GPU
        that is too small for a rank.
        """
        held_back = 0 if self._first_move_s is not None else min(1, self._plan.num_players - 1)
        ranks = [place for place in self._plan.of(plans.RANK) if place.gpus]
        self._waits_for_ranks = bool(ranks) and not rank_group.has_place(ranks)
        without = {place.node.id for place in ranks} if self._waits_for_ranks else ()
        self._selfplay.follow(self._plan, held_back, without)

    def _note_first_move(self, now: status.Status) -> None:
        """Logs the first move, and starts the actors that would have delayed it."""
        if now.first_move_s is not None and self._first_move_s is None:
            self._first_move_s = now.first_move_s
            _logger.info("first self-play move %.1f s after the start", now.first_move_s)
            self._follow_plan()
            self._supervised.start(plans.EVALUATOR, self._make_evaluator)
            for name, actor in {plans.LADDER: LadderActor, plans.MIRROR: MirrorActor}.items():
                if self._plan.of(name):
                    make = functools.partial(self._spawn, actor, name, self._config, self._handles)
                    self._supervised.start(name, make)

    def _inform_learner(self, progress: messages.RunProgress) -> None:
        """Sends the learner the run's progress, and makes it publish again if the weight store died."""
        learner = self._supervised.handle(plans.LEARNER)
        versions = ray.get(self._handles["weight_store"].versions.remote())
        if learner is not None:
            learner.set_progress.remote(progress)
            # One missing network suffices: the learner may have published after the store's death.
            if self._had_candidate and min(versions) < 0:
                learner.publish_again.remote()
        self._had_candidate |= max(versions) >= 0

    def _report_totals(self) -> None:
        """Sends the reporter the metrics of the driver and the replay buffer."""
        _, best = ray.get(self._handles["weight_store"].versions.remote())
        run: dict[str, float | str] = {
            "minutes": self._minutes_before + (time.monotonic() - self._began) / 60,
            "promotions": self._promotions.count(),
            "weights": max(0, best),
            "deaths": self._supervised.deaths,
        }
        if self._first_move_s is not None:
            run["first_move_s"] = self._first_move_s
        if self._balance.text:
            run["balance"] = self._balance.text
        if self._num_selfplay_actors == 0:
            run["waiting_for"] = "self-play to start"
        elif self._plan.missing:
            run["waiting_for"] = self._plan.missing
        reporter = self._handles["reporter"]
        reporter.record.remote("run", run)
        reporter.record.remote("replay", ray.get(self._handles["replay_buffer"].metrics.remote()))

    def _stop(self) -> None:
        """Stops all actors and waits for the learner's last checkpoint."""
        late = self._supervised.stop(_STOP_S if self._first_move_s is not None else _STOP_EARLY_S)
        for name in late if self._first_move_s is not None else []:
            _logger.warning("%s did not stop within %.0f s", name, _STOP_S)
        if "replay_buffer" not in self._handles:
            return
        try:
            # The last pushes came after the last report: status.json should count them.
            self._report_totals()
            ray.wait([self._handles["reporter"].close.remote()], timeout=_STOP_S)
        except exceptions.RayError as error:
            _logger.warning("the last metrics are missing: %s", supervision.last_line(error))
        mirror = self._supervised.handle(plans.MIRROR)
        if mirror is not None:
            ray.wait([mirror.finish.remote()], timeout=_STOP_S)


def _spawn_at(place: plans.Placement, actor: type, name: str, *arguments: Any) -> Any:
    """Starts an actor at its place in the plan; ValueError while another actor has its name.

    An actor with a loop has a second thread, which serves `stop`, and `SupervisedActors` restarts it. A
    service takes one call at a time, so that it needs no locks; Ray restarts it and repeats the calls.
    """
    has_loop = hasattr(actor, "stop")
    lives = {"max_concurrency": 2} if has_loop else {"max_restarts": -1, "max_task_retries": -1}
    options = {"name": name, **worker_setup.options_at(place), **lives}
    return ray.remote(worker_setup.on_start(actor)).options(**options).remote(*arguments)
