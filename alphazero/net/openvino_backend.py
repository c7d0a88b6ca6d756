"""Inference by OpenVINO on a CPU; it fuses the whole network and is the fastest there."""

import functools
import importlib
import importlib.util
import os
import sys
from typing import Any

import numpy as np

from alphazero import imports
from alphazero.net import calibration, equalize, folding, leela

_MARGIN = 1.1
"""Ranges of an 8-bit network are this much wider than what the calibration saw."""
_LEVELS = 256


def is_installed() -> bool:
    """Whether the package is there; it is imported only when a backend is made."""
    return importlib.util.find_spec("openvino") is not None


class OpenVinoBackend:
    """The folded network compiled by OpenVINO for batches of any size, one call at a time."""

    def __init__(self, net: folding.Folded, *, is_bf16: bool, num_threads: int) -> None:
        self._request: Any = None
        self._num_threads = num_threads
        self.precision = "bf16" if is_bf16 else "fp32"
        self.name = f"openvino cpu {self.precision}"
        self._compile(_model(net))

    def load(self, net: folding.Folded, exact: calibration.Exact) -> None:
        """Compiles the network, about 30 ms: OpenVINO lays out weights for the chip while it compiles."""
        self._compile(_model(net))

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        return _ask(self._request, planes)

    def unload(self) -> None:
        """Drops the compiled network, which holds kernels for each size of a batch that it has seen."""
        self._request = None

    def _compile(self, model: Any) -> None:
        self._request = _compile(model, is_bf16=self.precision == "bf16", num_threads=self._num_threads)


class OpenVinoInt8Backend:
    """The tower and the heads' convolution in 8 bits, for chips with VNNI instructions.

    Kernels are rounded to 255 steps for each filter, what flows between them to 256 steps between 0 and
    the largest number that `calibration.positions` has brought forth. Fully connected layers stay floats.
    """

    def __init__(
        self, net: folding.Folded, exact: calibration.Exact, *, is_bf16: bool, num_threads: int
    ) -> None:
        """is_bf16: how the rest is computed."""
        self._request: Any = None
        self._is_bf16 = is_bf16
        self._num_threads = num_threads
        self.precision = "int8"
        self.name = "openvino cpu int8"
        self.load(net, exact)

    def load(self, net: folding.Folded, exact: calibration.Exact) -> None:
        """Compiles the network, its channels equalized, with the ranges of `exact`."""
        equal, tops = equalize.equalize(net, exact.tops)
        ranges = [_MARGIN * float(top.max()) for top in tops]
        self._request = _compile(_model(equal, ranges), is_bf16=self._is_bf16, num_threads=self._num_threads)

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        return _ask(self._request, planes)

    def unload(self) -> None:
        """Drops the compiled network, which holds kernels for each size of a batch that it has seen."""
        self._request = None

    def precisions(self) -> dict[str, list[str]]:
        """Input precisions of the layers as they run, by kind of layer: "u8" where 8 bits are in use."""
        found: dict[str, list[str]] = {}
        for node in self._request.get_compiled_model().get_runtime_model().get_ordered_ops():
            facts = node.get_rt_info()
            found.setdefault(facts["layerType"].astype(str), []).append(facts["runtimePrecision"].astype(str))
        return found


@functools.cache
def library() -> Any:
    """The package, imported now if it was not before; pyright finds no types in it that hold."""
    # Its import would tell its makers that it was imported, with an identifier kept in ~/intel. Without
    # this helper package it does not.
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType] None forbids it
    # Each network that was ever loaded would leave compiled code behind, a piece for each layer and size of a
    # batch, until there are 1,024: a megabyte or two each time. Requests keep what they use themselves.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    # Nor is its converter needed, which takes as long to import as all the rest, and would report as well.
    with imports.without("openvino.tools.ovc"):
        return importlib.import_module("openvino")


def _compile(model: Any, *, is_bf16: bool, num_threads: int) -> Any:
    """A request that runs the model."""
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if is_bf16 else "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": num_threads,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,  # pinned workers that share a machine would all take the same core
    }
    return library().Core().compile_model(model, "CPU", settings).create_infer_request()


def _ask(request: Any, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Setting the tensor by hand saves 40 us a call against a dictionary of arrays. It shares memory that
    # `planes` must keep alive, and only with arrays that may be written.
    planes = np.require(planes, requirements=("C", "W"))
    request.set_input_tensor(library().Tensor(planes, shared_memory=True))
    request.infer(share_outputs=True)
    # The shared answers belong to the request, which overwrites them in the next call.
    return request.get_output_tensor(0).data.copy(), request.get_output_tensor(1).data[:, 0].copy()


def _model(net: folding.Folded, tops: list[float] | None = None) -> Any:
    """The network as an OpenVINO graph, of the operations in its set 13.

    tops: largest input of each of the tower's convolutions and of the heads', which makes them 8-bit ones.
    """
    library()
    ops = importlib.import_module("openvino.opset13")
    points = net.size * net.size
    planes = ops.parameter([-1, leela.NUM_PLANES, net.size, net.size], np.uint8, name="planes")

    def rounded(x: Any, index: int) -> Any:
        return x if tops is None else ops.fake_quantize(x, *_range(0.0, tops[index]), _LEVELS)

    def convolve(x: Any, layer: folding.Convolution) -> Any:
        kernel = ops.constant(layer.kernel)
        if tops is not None:
            widest = np.abs(layer.kernel).max(axis=(1, 2, 3), keepdims=True)
            kernel = ops.fake_quantize(kernel, *_range(-widest, widest), _LEVELS - 1)
        border = [layer.kernel.shape[2] // 2] * 2
        y = ops.convolution(x, kernel, [1, 1], border, border, [1, 1])
        return ops.add(y, ops.constant(layer.bias[None, :, None, None]))

    def connect(x: Any, layer: leela.Dense) -> Any:
        return ops.add(ops.matmul(x, ops.constant(layer.weight), False, True), ops.constant(layer.bias[None]))

    def flatten(x: Any, start: int, stop: int) -> Any:
        part = ops.slice(x, np.array([start]), np.array([stop]), np.array([1]), np.array([1]))
        return ops.reshape(part, np.array([-1, (stop - start) * points]), False)

    # Planes are 8-bit numbers as they come; times one says so in the form that OpenVINO looks for.
    x = ops.multiply(ops.convert(planes, "f32"), ops.constant(np.ones((1, 1, 1, 1), np.float32)))
    x = ops.relu(convolve(x, net.tower[0]))
    for index in range(1, len(net.tower), 2):
        # The trunk is rounded where it branches, so that what is added later are 8-bit numbers, too.
        x = rounded(x, index)
        y = rounded(ops.relu(convolve(x, net.tower[index])), index + 1)
        x = ops.relu(ops.add(convolve(y, net.tower[index + 1]), x))
    heads = ops.relu(convolve(rounded(x, len(net.tower)), net.heads))
    split = leela.POLICY_PLANES
    logits = connect(flatten(heads, 0, split), net.policy)
    hidden = ops.relu(connect(flatten(heads, split, split + leela.VALUE_PLANES), net.value_hidden))
    answers = [logits, connect(hidden, net.value)]
    return library().Model([ops.result(answer) for answer in answers], [planes], net.name)


def _range(low: Any, high: Any) -> list[np.ndarray]:
    """The four limits of a FakeQuantize that rounds within [low, high]; a range of nothing is widened."""
    high = np.maximum(np.asarray(high, np.float32), 1e-6)
    low = np.minimum(np.asarray(low, np.float32), 0)
    return [low, high, low, high]
