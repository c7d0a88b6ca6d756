"""Real services with timed methods, and a fake learner that only requests batches."""

import collections
import functools
import math
import threading
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import ray

from actors import batch_requests, handles, memory, messages
from alphazero.config import schema
from alphazero.run_files import candidate as candidates

_PAUSE_S = 0.2
_MOST_BATCHES = 64


class Spent(NamedTuple):
    """Time of the calls of one method."""

    calls: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    """CPU time of those seconds; the rest was waiting for the disk or for a free core."""


def timed(service: type[Any]) -> type[Any]:
    """The class with counts of each public method's calls and seconds; `spent` returns and resets them."""

    def make(self: Any, *arguments: Any) -> None:
        self._spent = collections.defaultdict(lambda: [0, 0.0, 0.0])
        service.__init__(self, *arguments)

    def spent(self: Any) -> dict[str, Spent]:
        found = {name: Spent(*entry) for name, entry in self._spent.items()}
        self._spent.clear()
        return found

    names = [name for name in vars(service) if not name.startswith("_") and callable(vars(service)[name])]
    methods = {name: _clocked(name, vars(service)[name]) for name in names}
    return type(service.__name__, (service,), {"__init__": make, "spent": spent, **methods})


def _clocked(name: str, method: Any) -> Any:
    @functools.wraps(method)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        began, cpu_began = time.perf_counter(), time.thread_time()
        try:
            return method(self, *arguments, **named)
        finally:
            entry = self._spent[name]
            entry[0] += 1
            entry[1] += time.perf_counter() - began
            entry[2] += time.thread_time() - cpu_began

    return call


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerLoad:
    """Load that the fake learner generates."""

    samples_per_s: float = math.inf
    """Rate of its GPUs; infinite: as many samples as the replay ratio grants."""
    publish_s: float | None = 5.0
    """Seconds between two networks; None: every `training.publish_steps` steps."""


class FakeLearner:
    """Requests batches at the replay ratio and publishes networks on schedule, without training.

    Like `actors.learner` it keeps one request ahead, for about a second of training.
    """

    def __init__(self, config: schema.Config, services: handles.Services, load: LearnerLoad) -> None:
        self._training = config.training
        self._services = services
        self._load = load
        self._publishes = False
        self._stopping = threading.Event()
        self._samples = self._batches = self._published = 0
        self._last_publication, self._last_samples = -math.inf, 0
        self._weights = np.zeros(memory.network_bytes(config) // 4, np.float32)

    def run(self) -> None:
        """Requests batches until `stop`."""
        trained = time.monotonic()
        pending = self._request(0, 1)
        while not self._stopping.is_set():
            self._publish_if_due()
            is_granted = ray.get(pending.is_granted)
            taken, shard = pending.steps * is_granted, pending.shards[0]
            pending = self._request(taken, self._next_count(pending.steps, is_granted))
            if is_granted:
                self._batches += len(ray.get(shard))
                self._samples += taken * self._training.batch_size
                now = time.monotonic()
                trained = max(trained, now) + taken * self._training.batch_size / self._load.samples_per_s
                self._stopping.wait(trained - now)
            else:
                self._stopping.wait(_PAUSE_S)

    def _request(self, under_way: int, count: int) -> batch_requests.PendingBatches:
        """Requests `count` batches after those that are in flight."""
        batch_size = self._training.batch_size
        samples = self._samples + under_way * batch_size
        request = messages.BatchRequest(samples=samples, steps=count, batch_size=batch_size, num_ranks=1)
        return batch_requests.send(self._services.replay_buffer, request)

    def _next_count(self, count: int, is_granted: bool) -> int:
        """Batches of the next request: of a second's training, and fewer while games are rare."""
        of_a_second = min(_MOST_BATCHES, self._load.samples_per_s / self._training.batch_size)
        return max(1, min(2 * count, int(of_a_second)) if is_granted else count // 2)

    def stop(self) -> None:
        """Makes `run` return."""
        self._stopping.set()

    def set_progress(self, progress: Any) -> None:
        """The driver's news, of no use here."""

    def publish_again(self) -> None:
        """The weight store lost its network; the next one comes soon."""

    def measured(self) -> int:
        """Batches received since the last call."""
        found, self._batches = self._batches, 0
        return found

    def publish(self, does_publish: bool) -> int:
        """Begins or ends publishing; returns how many networks were published so far."""
        self._publishes = does_publish
        return self._published

    def _publish_if_due(self) -> None:
        if self._load.publish_s is None:
            every = self._training.publish_steps * self._training.batch_size
            is_due = self._samples // every > self._last_samples // every
        else:
            is_due = time.monotonic() - self._last_publication >= self._load.publish_s
        self._last_samples = self._samples
        if not (self._publishes and is_due):
            return
        self._last_publication = time.monotonic()
        self._published += 1
        network: Any = self._weights
        candidate = candidates.Candidate(
            version=time.monotonic_ns(), weights=network, games=0, positions=0
        )  # fmt: skip
        self._services.weight_store.publish.remote(candidate)
