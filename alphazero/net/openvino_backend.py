"""Inference by OpenVINO on a CPU. It fuses the whole network and is the fastest backend there."""

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
"""Factor between the ranges of an 8-bit network and the largest numbers of the calibration."""
_LEVELS = 256


def is_installed() -> bool:
    """Whether the package is installed. It is imported only when a backend is made."""
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
        """Compiles the network in about 30 ms. OpenVINO lays out weights for the processor only then."""
        self._compile(_model(net))

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        return _ask(self._request, planes)

    def unload(self) -> None:
        """Frees the compiled network, which holds kernels for each batch size that it has run."""
        self._request = None

    def _compile(self, model: Any) -> None:
        self._request = _compile(model, is_bf16=self.precision == "bf16", num_threads=self._num_threads)


class OpenVinoInt8Backend:
    """The tower and the heads' convolution in 8 bits, for processors with VNNI instructions.

    Kernels are rounded to 255 steps for each filter. Activations are rounded to 256 steps between 0 and the
    largest number on `calibration.positions`, with a margin. Fully connected layers stay floats.
    """

    def __init__(
        self, net: folding.Folded, exact: calibration.Exact, *, is_bf16: bool, num_threads: int
    ) -> None:
        """is_bf16: whether the other layers use bf16."""
        self._request: Any = None
        self._is_bf16 = is_bf16
        self._num_threads = num_threads
        self.precision = "int8"
        self.name = "openvino cpu int8"
        self.load(net, exact)

    def load(self, net: folding.Folded, exact: calibration.Exact) -> None:
        """Equalizes the network's channels and compiles it with the ranges of `exact`."""
        equal, tops = equalize.equalize(net, exact.tops)
        ranges = [_MARGIN * float(top.max()) for top in tops]
        self._request = _compile(_model(equal, ranges), is_bf16=self._is_bf16, num_threads=self._num_threads)

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        return _ask(self._request, planes)

    def unload(self) -> None:
        """Frees the compiled network, which holds kernels for each batch size that it has run."""
        self._request = None

    def precisions(self) -> dict[str, list[str]]:
        """Input precisions of the compiled layers, by type of layer; "u8" means 8 bits."""
        found: dict[str, list[str]] = {}
        for node in self._request.get_compiled_model().get_runtime_model().get_ordered_ops():
            facts = node.get_rt_info()
            found.setdefault(facts["layerType"].astype(str), []).append(facts["runtimePrecision"].astype(str))
        return found


@functools.cache
def library() -> Any:
    """Imports and returns the package. Its types are not usable by pyright."""
    # On import, this helper package reports the import to OpenVINO's makers, with an identifier kept in
    # ~/intel. Without it nothing is reported.
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType] None forbids it
    # By default, the cache keeps up to 1,024 pieces of compiled code, one for each layer and batch size, even
    # of networks that are gone: one or two megabytes per network. Requests keep the code that they use.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    # The converter is not needed. Its import takes as long as all the rest, and it would report as well.
    with imports.without("openvino.tools.ovc"):
        return importlib.import_module("openvino")


def _compile(model: Any, *, is_bf16: bool, num_threads: int) -> Any:
    """Returns a request that runs the model."""
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if is_bf16 else "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": num_threads,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,  # pinned processes on one machine would all use the same core
    }
    return library().Core().compile_model(model, "CPU", settings).create_infer_request()


def _ask(request: Any, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Setting the tensor directly saves 40 us a call compared with a dictionary of arrays. The tensor shares
    # the memory of `planes`, which must stay alive and be writable.
    planes = np.require(planes, requirements=("C", "W"))
    request.set_input_tensor(library().Tensor(planes, shared_memory=True))
    request.infer(share_outputs=True)
    # The shared answers belong to the request; its next call overwrites them.
    return request.get_output_tensor(0).data.copy(), request.get_output_tensor(1).data[:, 0].copy()


def _model(net: folding.Folded, tops: list[float] | None = None) -> Any:
    """Builds the network as an OpenVINO graph, with operations of opset 13.

    tops: largest input of each convolution, the tower's and then the heads'; if given, they use 8 bits.
    """
    library()
    ops = importlib.import_module("openvino.opset13")
    points = net.size * net.size
    planes = ops.parameter([-1, leela.NUM_PLANES, net.size, net.size], np.uint8, name="planes")

    def rounded(x: Any, index: int) -> Any:
        return x if tops is None else ops.fake_quantize(x, *_range(0.0, tops[index]), _LEVELS)

    def convolve(x: Any, layer: folding.FoldedConvolution) -> Any:
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

    # Planes are 8-bit numbers. A product with one states that in the form that OpenVINO detects.
    x = ops.multiply(ops.convert(planes, "f32"), ops.constant(np.ones((1, 1, 1, 1), np.float32)))
    x = ops.relu(convolve(x, net.tower[0]))
    for index in range(1, len(net.tower), 2):
        # The trunk is rounded before it branches, so that the shortcut adds 8-bit numbers, too.
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
    """The four limits of a FakeQuantize that rounds within [low, high]. An empty range is widened."""
    high = np.maximum(np.asarray(high, np.float32), 1e-6)
    low = np.minimum(np.asarray(low, np.float32), 0)
    return [low, high, low, high]
