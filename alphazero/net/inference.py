"""Networks as evaluators for the search: one interface, several backends, the fastest found by measuring."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import numpy as np

from alphazero.config import training as training_config
from alphazero.net import folding, hardware, leela, openvino_backend, torch_backend

_TRIAL_BATCH = 16
_TRIAL_ROUNDS = 8
_TRIAL_S = 0.5
"""No further round begins after this time, for networks that are slow on this machine."""


class Backend(Protocol):
    """Runs a folded network; `name` says how, for people."""

    name: str

    def load(self, net: folding.Folded) -> None:
        """Switches to other weights of the same shape."""
        ...

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        ...


BackendMaker = Callable[[folding.Folded], Backend]


class NetEvaluator:
    """A network as `alphazero.search.evaluator.Evaluator`; not for use by several threads at once."""

    def __init__(self, net: folding.Folded, backend: Backend) -> None:
        self._net = net
        self._backend = backend

    def evaluate(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values [B] in [-1, 1], float32; planes [B, 18, N, N] uint8."""
        logits, values = self._backend.run(planes)
        values = np.tanh(values)
        if self._net.is_value_blacks:
            is_black_to_move = planes[:, 16, 0, 0] == 1
            values = np.where(is_black_to_move, values, -values)
        return logits, values

    def load(self, weights: leela.Weights) -> None:
        """Switches to other weights of the same board and shape."""
        net = folding.fold(weights)
        assert (net.size, net.name) == (self._net.size, self._net.name), (
            "another shape needs another evaluator"
        )
        self._net = net
        self._backend.load(net)

    def describe(self) -> str:
        """Backend, device and precision, such as "openvino cpu bf16"."""
        return self._backend.name


def make_evaluator(
    weights: leela.Weights,
    *,
    device: training_config.Device | str = "auto",
    precision: training_config.Precision | str = "auto",
    backend: str = "auto",
    num_threads: int = 1,
) -> NetEvaluator:
    """An evaluator for `weights`; what is left at "auto" is chosen for speed.

    backend: a name of `backends`, or auto, which measures them all. num_threads: on a CPU.
    ValueError for what this machine cannot do.
    """
    net = folding.fold(weights)
    makers = backends(device=device, precision=precision, num_threads=num_threads)
    if backend == "auto":
        return NetEvaluator(net, choose_backend(net, makers))
    if backend not in makers:
        raise ValueError(f"backend={backend}: must be auto, {' or '.join(makers)} here")
    return NetEvaluator(net, makers[backend](net))


def backends(
    *,
    device: training_config.Device | str = "auto",
    precision: training_config.Precision | str = "auto",
    num_threads: int = 1,
) -> dict[str, BackendMaker]:
    """Makers of the backends that fit this machine and the wishes, by name.

    openvino_int8 is there only if precision is auto, because it is less precise than either float.
    """
    precision = training_config.Precision(precision)
    place = hardware.pick_device(training_config.Device(device))
    is_bf16 = hardware.is_bf16(precision, place)
    makers: dict[str, BackendMaker] = {
        "torch": partial(torch_backend.TorchBackend, device=place, is_bf16=is_bf16, num_threads=num_threads)
    }
    if place.type == "cpu" and openvino_backend.is_installed():
        makers["openvino"] = partial(
            openvino_backend.OpenVinoBackend, is_bf16=is_bf16, num_threads=num_threads
        )
        if precision is training_config.Precision.auto and hardware.has_fast_int8():
            makers["openvino_int8"] = partial(
                openvino_backend.OpenVinoInt8Backend, is_bf16=is_bf16, num_threads=num_threads
            )
    return makers


def choose_backend(net: folding.Folded, makers: Mapping[str, BackendMaker]) -> Backend:
    """The fastest of the backends, by the best of a few interleaved runs on a small batch."""
    trials = [make(net) for make in makers.values()]
    if len(trials) == 1:
        return trials[0]
    planes = np.zeros((_TRIAL_BATCH, leela.NUM_PLANES, net.size, net.size), np.uint8)
    best = [float("inf")] * len(trials)
    began = time.perf_counter()
    for _ in range(_TRIAL_ROUNDS):
        for index, backend in enumerate(trials):
            start = time.perf_counter()
            backend.run(planes)
            best[index] = min(best[index], time.perf_counter() - start)
        if time.perf_counter() - began > _TRIAL_S:
            break
    return trials[int(np.argmin(best))]
