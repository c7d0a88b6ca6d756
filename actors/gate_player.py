"""Gate matches on a node with a GPU, for an evaluator without one."""

import threading
from collections.abc import Callable
from typing import Any

import ray

from actors import handles, telemetry, worker_setup
from actors import plan as plans
from alphazero import cpu_meter
from alphazero.config import schema
from alphazero.evaluation import result as results
from alphazero.run_files import candidate as candidates

_POLL_S = 0.5


class GatePlayer:
    """Plays the matches that the evaluator requests; keeps no state between them.

    Consumes candidates, produces results. Waits for the evaluator. If it is killed, the evaluator counts as
    dead, too, and the driver starts another evaluator with a new gate player.
    """

    def __init__(self, config: schema.Config, services: handles.Services) -> None:
        # Not at the top: the driver imports this module too and does not need torch.
        from alphazero.evaluation import gate_match

        self._match = gate_match.GateMatch(worker_setup.for_own_devices(config))
        self._stopping = threading.Event()
        meter = cpu_meter.CpuMeter()
        self._telemetry = telemetry.Telemetry(services.reporter, "match", meter=meter)

    def start_with(self, best: candidates.Candidate) -> None:
        """`GateMatch.start_with`."""
        self._match.start_with(best)

    def play(self, candidate: candidates.Candidate) -> results.MatchResult | None:
        """`GateMatch.play` until `stop`."""
        return self._match.play(candidate, self._stopping.is_set, self._report_score)

    def stop(self) -> None:
        """Makes `play` return None after the current move."""
        self._stopping.set()

    def _report_score(self, metrics: dict[str, float]) -> None:
        """Reports the score of the match under way."""
        self._telemetry.report(lambda: dict(metrics))


class RemoteMatch:
    """A `GatePlayer` as a `gate_match.MatchPlayer`; calls to a dead one raise a Ray error."""

    def __init__(self, config: schema.Config, services: handles.Services, place: plans.Placement) -> None:
        """place: node and share of a GPU."""
        actor: Any = ray.remote(worker_setup.on_start(GatePlayer))
        # The second thread serves `stop`.
        options = {**worker_setup.options_at(place), "max_concurrency": 2}
        self._player: handles.GatePlayerHandle = actor.options(**options).remote(config, services)

    def start_with(self, best: candidates.Candidate) -> None:
        """`GateMatch.start_with`."""
        ray.get(self._player.start_with.remote(best))

    def play(
        self,
        candidate: candidates.Candidate,
        should_stop: Callable[[], bool],
        on_progress: Callable[[dict[str, float]], None],
    ) -> results.MatchResult | None:
        """`GateMatch.play`; the remote actor reports the score itself, so `on_progress` is not called."""
        del on_progress
        played = self._player.play.remote(candidate)
        while not ray.wait([played], timeout=_POLL_S)[0]:
            if should_stop():
                self._player.stop.remote()
        return ray.get(played)
