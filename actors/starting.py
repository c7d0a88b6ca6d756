"""Start of a run's actors, each at its place in the plan."""

from typing import Any

import ray

from actors import handles, worker_setup
from actors import plan as plans
from actors.evaluator import EvaluatorActor
from actors.ladder import LadderActor
from actors.learner import LearnerActor
from actors.mirror import MirrorActor
from actors.replay_buffer import ReplayBuffer
from actors.reporter import ReporterActor
from actors.selfplay import SelfPlayActor
from actors.weight_store import WeightStore
from alphazero.config import schema
from alphazero.report import clock
from alphazero.run_files import run_folder


class ActorStarter:
    """Starts the actors of one run: the services first, as all others have handles of them."""

    def __init__(self, config: schema.Config, folder: run_folder.RunFolder) -> None:
        self._config = config
        self._folder = folder
        self._services: handles.Services | None = None

    @property
    def has_services(self) -> bool:
        """Whether the services were started."""
        return self._services is not None

    @property
    def services(self) -> handles.Services:
        """The services, which must have been started."""
        assert self._services is not None, "the services are not started yet"
        return self._services

    def start_services(self, plan: plans.Plan) -> None:
        """Starts reporter, weight store and replay buffer; calls to them wait until they are ready."""
        promoted = self._folder.promoted
        self._services = handles.Services(
            reporter=self._start(plan, ReporterActor, plans.REPORTER, self._config),
            weight_store=self._start(plan, WeightStore, plans.WEIGHT_STORE, promoted, ray.put),
            replay_buffer=self._start(plan, ReplayBuffer, plans.REPLAY_BUFFER, self._config),
        )

    def start_learner(self, plan: plans.Plan) -> handles.LearnerHandle:
        """Starts the learner, which starts its ranks."""
        arguments = (self._config, self.services, plan.of(plans.RANK))
        return self._start(plan, LearnerActor, plans.LEARNER, *arguments)

    def start_evaluator(self, plan: plans.Plan) -> handles.LoopHandle:
        """Starts the evaluator, which starts its gate player."""
        place = plan.one(plans.EVALUATOR)
        assert place is not None
        arguments = (self._config, self.services, place.node.cpus, plan.one(plans.GATE_PLAYER))
        return self._start(plan, EvaluatorActor, plans.EVALUATOR, *arguments)

    def start_ladder(self, plan: plans.Plan) -> handles.LoopHandle:
        """Starts the ladder."""
        return self._start(plan, LadderActor, plans.LADDER, self._config, self.services)

    def start_mirror(self, plan: plans.Plan) -> handles.MirrorHandle:
        """Starts the mirror."""
        return self._start(plan, MirrorActor, plans.MIRROR, self._config, self.services)

    def start_selfplay(self, plan: plans.Plan, place: plans.Placement, number: int) -> handles.LoopHandle:
        """Starts the self-play actor of this number."""
        poll_s = plans.poll_interval_s(plan.num_selfplay_actors)
        num_threads = max(1, int(place.cpus)) if place.gpus else 1
        arguments = (self._config, number, self.services, clock.process_began(), poll_s, num_threads)
        return start_at(place, SelfPlayActor, f"{plans.SELF_PLAY} {number}", *arguments)

    def _start(self, plan: plans.Plan, actor: type, name: str, *arguments: Any) -> Any:
        """Starts the only actor of its kind."""
        place = plan.one(name)
        assert place is not None, name
        return start_at(place, actor, name, *arguments)


def start_at(place: plans.Placement, actor: type, name: str, *arguments: Any) -> Any:
    """Starts an actor at a place and returns its handle; ValueError while another actor has its name.

    An actor with a loop has a second thread, which serves `stop`, and `SupervisedActors` restarts it. A
    service takes one call at a time, so that it needs no locks; Ray restarts it and repeats the calls.
    """
    has_loop = hasattr(actor, "stop")
    lives = {"max_concurrency": 2} if has_loop else {"max_restarts": -1, "max_task_retries": -1}
    options = {"name": name, **worker_setup.options_at(place), **lives}
    return ray.remote(worker_setup.on_start(actor)).options(**options).remote(*arguments)
