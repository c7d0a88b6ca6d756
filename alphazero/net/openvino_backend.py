"""Inference by OpenVINO on a CPU; it fuses the whole network and is the fastest there."""

import importlib
import importlib.util
from typing import Any

import numpy as np

from alphazero.net import calibration, folding, leela

_MARGIN = 1.1
"""Ranges of an 8-bit network are this much wider than what the calibration saw."""
_LEVELS = 256


def is_installed() -> bool:
    """Whether the optional package is there; it is imported only when a backend is made."""
    return importlib.util.find_spec("openvino") is not None


class OpenVinoBackend:
    """The folded network compiled by OpenVINO for batches of any size, one call at a time."""

    def __init__(self, net: folding.Folded, *, is_bf16: bool, num_threads: int) -> None:
        self._is_bf16 = is_bf16
        self._num_threads = num_threads
        self.name = f"openvino cpu {'bf16' if is_bf16 else 'fp32'}"
        self.load(net)

    def load(self, net: folding.Folded) -> None:
        """Compiles the network, about 30 ms: OpenVINO lays out weights for the chip while it compiles."""
        self._request = _compile(_model(net), is_bf16=self._is_bf16, num_threads=self._num_threads)

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        return _ask(self._request, planes)


class OpenVinoInt8Backend:
    """The tower's convolutions in 8 bits, 1.6 times as fast as bf16; for chips with VNNI instructions.

    Kernels are rounded to 255 steps for each filter, activations to 256 between 0 and the largest number
    that `calibration.positions` has brought forth. A network that this changes too much runs in floats.
    """

    def __init__(self, net: folding.Folded, *, is_bf16: bool, num_threads: int) -> None:
        self._is_bf16 = is_bf16
        self._num_threads = num_threads
        self.name = ""
        self.load(net)

    def load(self, net: folding.Folded) -> None:
        """Calibrates and compiles, about 0.2 s on 9x9."""
        planes = calibration.positions(net.size)
        exact = _compile(_model(net, shows_inputs=True), is_bf16=False, num_threads=self._num_threads)
        answer = _ask(exact, planes)
        tops = [
            _MARGIN * float(exact.get_output_tensor(2 + index).data.max()) for index in range(len(net.tower))
        ]
        tops[0] = 1.0  # planes are zeros and ones
        self._request = _compile(_model(net, tops), is_bf16=self._is_bf16, num_threads=self._num_threads)
        self.name = "openvino cpu int8"
        if not calibration.is_faithful(answer, _ask(self._request, planes)):
            self._request = _compile(_model(net), is_bf16=self._is_bf16, num_threads=self._num_threads)
            self.name = f"openvino cpu {'bf16' if self._is_bf16 else 'fp32'} (int8 would change this network)"

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        return _ask(self._request, planes)


def _openvino() -> Any:
    """The package; pyright finds no types in it that hold."""
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
    return _openvino().Core().compile_model(model, "CPU", settings).create_infer_request()


def _ask(request: Any, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # The shared arrays belong to the request, which overwrites them in the next call.
    answer = request.infer([planes], share_inputs=True, share_outputs=True)
    return answer[0].copy(), answer[1][:, 0].copy()


def _model(net: folding.Folded, tops: list[float] | None = None, *, shows_inputs: bool = False) -> Any:
    """The network as an OpenVINO graph, of the operations in its set 13.

    tops: largest input of each of the tower's convolutions, which makes them 8-bit ones.
    shows_inputs: whether those inputs are answers, too.
    """
    ops = importlib.import_module("openvino.opset13")
    points = net.size * net.size
    planes = ops.parameter([-1, leela.NUM_PLANES, net.size, net.size], np.uint8, name="planes")
    inputs = []

    def convolve(x: Any, layer: folding.Convolution, top: float | None = None) -> Any:
        kernel = ops.constant(layer.kernel)
        if top is not None:
            x = ops.fake_quantize(x, *_range(0.0, top), _LEVELS)
            widest = np.abs(layer.kernel).max(axis=(1, 2, 3), keepdims=True)
            kernel = ops.fake_quantize(kernel, *_range(-widest, widest), _LEVELS - 1)
        border = [layer.kernel.shape[2] // 2] * 2
        y = ops.convolution(x, kernel, [1, 1], border, border, [1, 1])
        return ops.add(y, ops.constant(layer.bias[None, :, None, None]))

    def climb(x: Any, index: int) -> Any:
        inputs.append(x)
        return convolve(x, net.tower[index], None if tops is None else tops[index])

    def connect(x: Any, layer: leela.Dense) -> Any:
        return ops.add(ops.matmul(x, ops.constant(layer.weight), False, True), ops.constant(layer.bias[None]))

    def flatten(x: Any, start: int, stop: int) -> Any:
        part = ops.slice(x, np.array([start]), np.array([stop]), np.array([1]), np.array([1]))
        return ops.reshape(part, np.array([-1, (stop - start) * points]), False)

    x = ops.relu(climb(ops.convert(planes, "f32"), 0))
    for index in range(1, len(net.tower), 2):
        y = ops.relu(climb(x, index))
        x = ops.relu(ops.add(climb(y, index + 1), x))
    heads = ops.relu(convolve(x, net.heads))
    split = leela.POLICY_PLANES
    logits = connect(flatten(heads, 0, split), net.policy)
    hidden = ops.relu(connect(flatten(heads, split, split + leela.VALUE_PLANES), net.value_hidden))
    answers = [logits, connect(hidden, net.value), *(inputs if shows_inputs else [])]
    return _openvino().Model([ops.result(answer) for answer in answers], [planes], net.name)


def _range(low: Any, high: Any) -> list[np.ndarray]:
    """The four limits of a FakeQuantize that rounds within [low, high]; a range of nothing is widened."""
    high = np.maximum(np.asarray(high, np.float32), 1e-6)
    low = np.minimum(np.asarray(low, np.float32), 0)
    return [low, high, low, high]
