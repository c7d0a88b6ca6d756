"""The real services with a clock around their methods, and a learner that only asks for batches."""

import collections
import functools
import math
import threading
import time
from typing import Any, NamedTuple

import numpy as np
import ray

from actors import memory
from alphazero.config import schema
from alphazero.evaluation import candidate as candidates

_PAUSE_S = 0.2
_MOST_BATCHES = 64


class Spent(NamedTuple):
    """What calls of one method took."""

    calls: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    """Of those, on a core: what is left was waiting, for the disk or for a free core."""


def timed(service: type[Any]) -> type[Any]:
    """The class with each public method's calls and seconds counted; `spent` tells and forgets them."""

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


class FakeLearner:
    """Requests batches at the replay ratio and publishes networks when told to, without training."""

    def __init__(self, config: schema.Config, handles: dict[str, Any]) -> None:
        self._config = config
        self._handles = handles
        self._publish_s = math.inf
        self._stopping = threading.Event()
        self._samples = self._batches = self._published = 0
        self._weights = np.zeros(memory.network_bytes(config) // 4, np.float32)

    def run(self) -> None:
        """Asks until `stop`."""
        batch_size, last = self._config.training.batch_size, -math.inf
        buffer, count = self._handles["replay_buffer"], 1
        while not self._stopping.is_set():
            if time.monotonic() - last >= self._publish_s:
                last = time.monotonic()
                self._publish()
            ask = buffer.request_shards.options(num_returns=2)
            granted, drawn = ask.remote(self._samples, count, batch_size, 1)
            if ray.get(granted):
                self._batches += len(ray.get(drawn))
                self._samples += count * batch_size
                count = min(_MOST_BATCHES, 2 * count)
            else:
                count = max(1, count // 2)
                self._stopping.wait(_PAUSE_S)

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

    def publish_every(self, seconds: float) -> int:
        """Publishes a network every so often from now on; returns how many it did so far."""
        self._publish_s = seconds
        return self._published

    def _publish(self) -> None:
        self._published += 1
        version = time.monotonic_ns()
        network: Any = self._weights
        candidate = candidates.Candidate(version=version, weights=network, games=0, positions=0)
        self._handles["weight_store"].publish.remote(candidate)
