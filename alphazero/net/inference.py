"""Networks as evaluators for the search: one interface, several backends, the fastest found by measuring."""

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np

from alphazero.config import training as training_config
from alphazero.net import folding, hardware, leela, openvino_backend, torch_backend

_TRIAL_BATCH = 32
_TRIAL_ROUNDS = 5


class Backend(Protocol):
    """Runs a folded network; `name` says how, for people."""

    name: str

    def load(self, net: folding.Folded) -> None:
        """Switches to other weights of the same shape."""
        ...

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        ...


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

    backend: torch, openvino or auto, which measures those that fit. num_threads: on a CPU.
    ValueError for what this machine cannot do.
    """
    net = folding.fold(weights)
    choices = _choices(net, training_config.Device(device), training_config.Precision(precision), num_threads)
    if backend == "auto":
        return NetEvaluator(net, choose_backend(net, list(choices.values())))
    if backend not in choices:
        raise ValueError(f"backend={backend}: must be auto, {' or '.join(choices)} here")
    return NetEvaluator(net, choices[backend]())


def choose_backend(net: folding.Folded, makers: list[Callable[[], Backend]]) -> Backend:
    """The fastest of the backends, by the best of a few interleaved runs on batches of 32."""
    backends = [maker() for maker in makers]
    if len(backends) == 1:
        return backends[0]
    planes = np.zeros((_TRIAL_BATCH, leela.NUM_PLANES, net.size, net.size), np.uint8)
    best = dict.fromkeys(range(len(backends)), float("inf"))
    for _ in range(_TRIAL_ROUNDS):
        for index, backend in enumerate(backends):
            start = time.perf_counter()
            backend.run(planes)
            best[index] = min(best[index], time.perf_counter() - start)
    return backends[min(best, key=lambda index: best[index])]


def _choices(
    net: folding.Folded,
    device: training_config.Device,
    precision: training_config.Precision,
    num_threads: int,
) -> dict[str, Callable[[], Backend]]:
    """Makers of the backends that can do what is asked, by name."""
    place = hardware.pick_device(device)
    is_bf16 = hardware.is_bf16(precision, place)
    choices: dict[str, Callable[[], Backend]] = {
        "torch": lambda: torch_backend.TorchBackend(
            net, device=place, is_bf16=is_bf16, num_threads=num_threads
        )
    }
    if place.type == "cpu" and openvino_backend.is_installed():
        choices["openvino"] = lambda: openvino_backend.OpenVinoBackend(
            net, is_bf16=is_bf16, num_threads=num_threads
        )
    return choices
