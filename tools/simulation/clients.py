"""Fake self-play actors, many in a process, which push, wait, poll and report as `actors.selfplay` does."""

import collections
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import ray

from actors import handles, pushes, telemetry
from alphazero.data import record as records
from tools.simulation import games

_DRAIN_S = 2.0
_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLoad:
    """Load that each client generates."""

    games_per_s: float
    """0: as many as are accepted."""
    games_per_push: int
    push_window: int
    talk_s: float
    """Interval of polls for a newer network, and of reports."""


class ClientHost:
    """A process with many clients, each of them a thread; replaces a `SelfPlayActor`."""

    def __init__(
        self,
        load: ClientLoad,
        made: Sequence[records.GameRecord],
        first: int,
        count: int,
        services: handles.Services,
    ) -> None:
        """made: games to push, each time under a new name. first: number of the first client."""
        self._load = load
        self._made = made
        self._first = first
        self._count = count
        self._services = services
        self._stopping = threading.Event()
        self._latencies: collections.deque[float] = collections.deque(maxlen=200_000)
        self._counts = collections.Counter[str]()
        self._lock = threading.Lock()

    def run(self) -> None:
        """Plays until `stop`."""
        threads = [
            threading.Thread(target=self._play, args=(self._first + number,)) for number in range(self._count)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def stop(self) -> None:
        """Makes `run` return."""
        self._stopping.set()

    def measured(self) -> tuple[dict[str, int], list[float]]:
        """Counts since the last call, and the seconds from each push to its reply."""
        with self._lock:
            counts, self._counts = dict(self._counts), collections.Counter()
            latencies = list(self._latencies)
            self._latencies.clear()
        return counts, latencies

    def answered(self, latency_s: float) -> None:
        """Records the latency of a push."""
        with self._lock:
            self._latencies.append(latency_s)

    def _play(self, number: int) -> None:
        rng = np.random.default_rng(number)
        name = f"selfplay{number:03d}"
        timed: Any = _TimedBuffer(self._services.replay_buffer, self)
        out = pushes.Pushes(timed, name, self._load.push_window, self._stopping)
        reports = telemetry.Telemetry(self._services.reporter, name, self._load.talk_s)
        stream = games.endless(self._made, f"{name}-{os.urandom(4).hex()}")
        reports.report_now({"first_move_s": 1.0})
        pause = self._load.games_per_push / self._load.games_per_s if self._load.games_per_s else 0.0
        version, moves = -1, 0
        # Clients start at different times, as actors do.
        due = time.monotonic() + rng.exponential(pause)
        tick = time.monotonic() + rng.uniform(0, self._load.talk_s)
        while not self._stopping.wait(max(0.0, min(due, tick) - time.monotonic())):
            now = time.monotonic()
            if now >= due:
                pushed = [next(stream) for _ in range(self._load.games_per_push)]
                reply = out.send(pushed)
                moves += sum(game.num_played for game in pushed)
                self._count_up("pushes")
                if reply is not None and reply.should_wait:
                    self._wait_while_ahead(reports)
                # An actor plays nothing while it waits for a free push or for the learner.
                due = time.monotonic() + (rng.exponential(pause) if pause else 0.0)
            if now >= tick:
                tick = now + self._load.talk_s
                reports.report(lambda moves=moves: _metrics(moves))
                version = self._poll_weights(version)
        out.drain(_DRAIN_S)

    def _wait_while_ahead(self, reports: telemetry.Telemetry) -> None:
        """Waits for the learner, and polls as often as `actors.selfplay` does."""
        began, should_wait = time.monotonic(), True
        while should_wait and not self._stopping.wait(_PAUSE_S):
            reports.report(lambda: {"waiting_for": "the learner"})
            should_wait = ray.get(self._services.replay_buffer.state.remote()).should_wait
            # Counted in pieces, because a pause may be longer than a measurement.
            ended = time.monotonic()
            self._count_up("paused_ms", round(1e3 * (ended - began)))
            began = ended

    def _poll_weights(self, version: int) -> int:
        self._count_up("polls")
        newest = ray.get(self._services.weight_store.newest_candidate.remote(version))
        if newest is None:
            return version
        ray.get(newest.candidate)
        self._count_up("loads")
        return newest.version

    def _count_up(self, name: str, by: int = 1) -> None:
        with self._lock:
            self._counts[name] += by


class _TimedBuffer:
    """A handle of the replay buffer that times replies when they arrive, not when they are read."""

    def __init__(self, replay_buffer: handles.ReplayBufferHandle, host: ClientHost) -> None:
        self._replay_buffer = replay_buffer
        self._host = host
        self.add_games = self

    def remote(self, *arguments: Any) -> Any:
        """`add_games.remote`."""
        began = time.monotonic()
        reference: Any = self._replay_buffer.add_games.remote(*arguments)
        reference.future().add_done_callback(lambda _: self._host.answered(time.monotonic() - began))
        return reference


def _metrics(moves: int) -> dict[str, float | str]:
    """Metrics of the same number and size as a self-play actor's."""
    return {
        "moves": moves, "simulations": 32 * moves, "evaluations": 30 * moves, "games": moves / 60,
        "searched": moves, "cheap": 0.0, "resigned": 0.0, "reused": 0.0, "backend": "none, a simulation",
    }  # fmt: skip
