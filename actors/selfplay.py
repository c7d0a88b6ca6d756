"""A self-play worker as an actor."""

import logging
import os
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import ray
from ray import exceptions

from actors import handles, pushes, telemetry, worker_setup
from alphazero import cpu_meter
from alphazero.config import schema
from alphazero.config import selfplay as selfplay_config
from alphazero.search import metering, symmetries
from alphazero.selfplay import mixed_sizes, warm_up

if TYPE_CHECKING:
    from alphazero.run_files import candidate as candidates

_logger = logging.getLogger(__name__)
_PAUSE_S = 0.2
_DRAIN_S = 5.0


class SelfPlayActor:
    """Plays with the newest or the best network until it is stopped, and pushes finished games.

    Consumes weights, produces games. Waits for its first network (freed by the weight store), for a free
    push (freed by the replay buffer's answers) and, if self-play is too far ahead, for the learner. If it is
    killed, alone or with its node, the games under way are lost, but no game that was counted; the driver
    restarts it after a second, and it plays after about ten.
    """

    def __init__(
        self,
        config: schema.Config,
        number: int,
        services: handles.Services,
        began: float,
        poll_s: float = 1.0,
        num_threads: int = 1,
    ) -> None:
        """began: start of the session, in seconds since 1970. num_threads: of the search.

        poll_s: seconds between two polls for a newer network, and between two reports.
        """
        worker_setup.yield_to_learner()
        self._began = began
        self._poll_s = poll_s
        self._num_threads = num_threads
        self._config = worker_setup.for_own_devices(config)
        self._services = services
        self._stopping = threading.Event()
        self._version = -1
        self._has_moved = False
        actor = f"selfplay{number:03d}"
        # After a restart the game ids must be new, else the log would count the games as repeats.
        session = os.urandom(4).hex()
        self._name = f"{actor}-{session}"
        self._rng = np.random.default_rng([config.run.seed, int(session, 16)])
        window = config.selfplay.push_window
        self._pushes = pushes.Pushes(services.replay_buffer, actor, window, self._stopping)
        self._meter = cpu_meter.CpuMeter()
        self._telemetry = telemetry.Telemetry(services.reporter, actor, poll_s, self._meter)
        self._polled_at = 0.0

    def run(self) -> None:
        """Plays until `stop`."""
        compiling = " to be compiled (first time on this machine: half a minute)"
        self._telemetry.wait_for("kernels" + compiling * warm_up.is_needed(self._config))
        warm_up.warm_up(self._config)
        self._telemetry.wait_for("the first network")
        # Not at the top: the driver does not need it, and here the import overlaps with the learner's start.
        from alphazero.net import inference

        candidate = self._wait_for_candidate()
        if candidate is None:
            return
        self._telemetry.wait_for("the measurement of inference backends")
        networks = {
            size: inference.make_evaluator(
                candidate.weights,
                size=size,
                device=self._config.training.device,
                precision=self._config.training.precision,
                batch=self._config.selfplay.num_games,
            )
            for size in self._config.game.shares
        }
        asked = {
            size: symmetries.wrap(
                metering.MeteredEvaluator(network, self._meter), self._config.search, size, self._rng
            )
            for size, network in networks.items()
        }
        backend = networks[self._config.game.size]
        worker = mixed_sizes.SizesWorker(
            self._config,
            asked,
            name=self._name,
            rng=self._rng,
            weights=self._version,
            num_threads=self._num_threads,
        )
        while not self._stopping.is_set():
            games = worker.play_move()
            self._report_first_move()
            reply = self._pushes.send(games)
            if reply is not None:
                worker.set_total_games(reply.total_games)
                if reply.trouble:
                    self._telemetry.wait_for(f"the disk of the run's folder ({reply.trouble})")
                self._wait_while_ahead(reply.should_wait)
            self._telemetry.report(lambda: {**worker.metrics(), "backend": backend.describe()})
            newer = self._newer_candidate() if self._is_poll_due() else None
            if newer is not None:
                with self._meter.of("loading"):
                    for network in networks.values():
                        network.load(newer.weights)
                worker.set_weights(asked, self._version)
        self._pushes.drain(_DRAIN_S)

    def _report_first_move(self) -> None:
        if not self._has_moved:
            self._has_moved = True
            self._telemetry.report_now({"first_move_s": time.time() - self._began})

    def stop(self) -> None:
        """Makes `run` return after the current move."""
        self._stopping.set()

    def _wait_for_candidate(self) -> "candidates.Candidate | None":
        """The first network to play with; None after `stop`."""
        while not self._stopping.wait(_PAUSE_S):
            newest = self._newer_candidate()
            if newest is not None:
                return newest
        return None

    def _is_poll_due(self) -> bool:
        """Whether to poll for a network again; polls at every move would overload the store."""
        now = time.monotonic()
        if now - self._polled_at < self._poll_s:
            return False
        self._polled_at = now
        return True

    def _newer_candidate(self) -> "candidates.Candidate | None":
        """The network to play with if it is not the one in use, else None."""
        store = self._services.weight_store
        is_latest = self._config.selfplay.play_with is selfplay_config.PlayWith.latest
        method = store.newest_candidate if is_latest else store.best
        try:
            newest = ray.get(method.remote(self._version))
            candidate = None if newest is None else ray.get(newest.candidate)
        except exceptions.RayError as error:
            # The stored weights died with the store; its successor will have them again.
            _logger.info("%s: no weights for now: %s", self._name, error)
            return None
        if newest is not None:
            self._version = newest.version
        return candidate

    def _wait_while_ahead(self, should_wait: bool) -> None:
        # With more actors each of them polls less often.
        while should_wait and not self._stopping.wait(_PAUSE_S * self._poll_s):
            self._telemetry.report(lambda: {"waiting_for": "the learner"})
            should_wait = ray.get(self._services.replay_buffer.state.remote()).should_wait
