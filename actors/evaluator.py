"""The evaluator as an actor."""

import logging
import threading
import time

import ray

from actors import gate_player, handles, telemetry, worker_setup
from actors import plan as plans
from alphazero import cpu_meter
from alphazero.config import schema
from alphazero.run_files import candidate as candidates
from alphazero.run_files import promotion, refused, run_folder

_logger = logging.getLogger(__name__)
_PAUSE_S = 0.5
_TROUBLE_S = 10.0


class EvaluatorActor:
    """Plays the gate match of the newest candidate and promotes it if it passes.

    Consumes candidates, produces promoted files and matches. Waits for a candidate that is
    `gate.every_steps` newer than the last one it judged, freed by the learner, and after a match until it
    has taken no more than `gate.cpu_share` of the CPU time. If it is killed, the match
    under way is lost; a promotion is on disk before any actor plays with it. The driver restarts it after a
    second, and it begins with the newest promoted network on disk.
    """

    def __init__(
        self,
        config: schema.Config,
        services: handles.Services,
        num_cpus: float,
        player_place: plans.Placement | None = None,
    ) -> None:
        """num_cpus: of this node. player_place: the place of a gate player; None to play in this process."""
        # Not at the top: the driver imports this module too and does not need torch.
        from alphazero.evaluation import gate

        self._weight_store = services.weight_store
        self._stopping = threading.Event()
        self._finishing = threading.Event()
        self._telemetry = telemetry.Telemetry(services.reporter, "gate")
        meter = cpu_meter.CpuMeter()
        self._match_telemetry = telemetry.Telemetry(services.reporter, "match", meter=meter)
        worker_setup.yield_to_learner()
        self._meter = meter
        self._rule = config.gate
        self._num_cpus = num_cpus
        folder = run_folder.RunFolder(config.run.dir)
        self._promotions = promotion.Promotions(folder.promoted)
        self._refused = folder.refused
        player = player_place and gate_player.RemoteMatch(config, services, player_place)
        self._gate = gate.Gate(worker_setup.for_own_devices(config), folder, player)

    def run(self) -> None:
        """Judges candidates until `stop`."""
        known = max(self._take_best(), refused.newest_step(self._refused))
        while not self._stopping.is_set():
            is_last = self._finishing.is_set()
            too_early = known if is_last else known + self._rule.every_steps - 1
            newest = ray.get(self._weight_store.newest_candidate.remote(too_early))
            if newest is None and is_last:
                return
            if newest is None:
                self._finishing.wait(_PAUSE_S)
                continue
            candidate = ray.get(newest.candidate)
            began, spent = time.monotonic(), self._meter.totals()[cpu_meter.SUFFIX]
            try:
                outcome = self._gate.judge(candidate, self._stopping.is_set, self._report_score)
            except OSError as error:
                _logger.warning("step %d is judged again later: %s", candidate.version, error)
                self._stopping.wait(_TROUBLE_S)
                continue
            known = newest.version
            if outcome is None:
                return
            if outcome.is_promoted:
                ray.get(self._weight_store.promote.remote(candidate))
            self._telemetry.report_now(outcome.metrics(), candidate.version)
            self._match_telemetry.report(dict)
            spent = self._meter.totals()[cpu_meter.SUFFIX] - spent
            self._finishing.wait(
                _rest_s(self._rule.cpu_share * self._num_cpus, spent, time.monotonic() - began)
            )

    def _report_score(self, metrics: dict[str, float]) -> None:
        """Reports the score of the match under way."""
        self._match_telemetry.report(lambda: dict(metrics))

    def finish(self) -> None:
        """Makes `run` return once it has judged the newest candidate, without further rests."""
        self._finishing.set()

    def stop(self) -> None:
        """Makes `run` return after the current move; the match does not count."""
        self._stopping.set()
        self._finishing.set()

    def _take_best(self) -> int:
        promoted = self._promotions.latest()
        if promoted is not None:
            # A kill may have come after the file was written and before the store had the network.
            ray.get(self._weight_store.promote.remote(candidates.from_promoted(promoted)))
        while not self._stopping.wait(_PAUSE_S):
            stored = ray.get(self._weight_store.best.remote(-1))
            if stored is not None:
                best = ray.get(stored.candidate)
                self._gate.start_with(best)
                return best.version
        return -1


def _rest_s(cores: float, spent_s: float, lasted_s: float) -> float:
    """Seconds until the next gate may begin.

    cores: number that gates may keep busy on average. spent_s, lasted_s: CPU time and duration of the last
    gate.
    """
    return max(0.0, spent_s / cores - lasted_s)
