"""Inference by OpenVINO on a CPU; it fuses the whole network and is the fastest there."""

import importlib
import importlib.util
from typing import Any

import numpy as np

from alphazero.net import folding, leela


def is_installed() -> bool:
    """Whether the optional package is there; it is imported only when a backend is made."""
    return importlib.util.find_spec("openvino") is not None


class OpenVinoBackend:
    """The folded network compiled by OpenVINO for batches of any size, one call at a time."""

    def __init__(self, net: folding.Folded, *, is_bf16: bool, num_threads: int) -> None:
        self._core = _openvino().Core()
        # Without pinning: pinned workers that share a machine all take the same core.
        self._settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if is_bf16 else "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": num_threads,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
        }
        self.name = f"openvino cpu {'bf16' if is_bf16 else 'fp32'}"
        self.load(net)

    def load(self, net: folding.Folded) -> None:
        """Compiles the network, about 30 ms: OpenVINO lays out weights for the chip while it compiles."""
        compiled = self._core.compile_model(_model(net), "CPU", self._settings)
        self._request = compiled.create_infer_request()

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        # The shared arrays belong to the request, which overwrites them in the next call.
        answer = self._request.infer([planes], share_inputs=True, share_outputs=True)
        return answer[0].copy(), answer[1][:, 0].copy()


def _openvino() -> Any:
    """The package; pyright finds no types in it that hold."""
    return importlib.import_module("openvino")


def _model(net: folding.Folded) -> Any:
    """The network as an OpenVINO graph, of the operations in its set 13."""
    ops = importlib.import_module("openvino.opset13")
    points = net.size * net.size
    planes = ops.parameter([-1, leela.NUM_PLANES, net.size, net.size], np.uint8, name="planes")

    def convolve(x: Any, layer: folding.Convolution) -> Any:
        border = [layer.kernel.shape[2] // 2] * 2
        y = ops.convolution(x, ops.constant(layer.kernel), [1, 1], border, border, [1, 1])
        return ops.add(y, ops.constant(layer.bias[None, :, None, None]))

    def connect(x: Any, layer: leela.Dense) -> Any:
        return ops.add(ops.matmul(x, ops.constant(layer.weight), False, True), ops.constant(layer.bias[None]))

    def flatten(x: Any, start: int, stop: int) -> Any:
        part = ops.slice(x, np.array([start]), np.array([stop]), np.array([1]), np.array([1]))
        return ops.reshape(part, np.array([-1, (stop - start) * points]), False)

    x = ops.relu(convolve(ops.convert(planes, "f32"), net.tower[0]))
    for index in range(1, len(net.tower), 2):
        y = ops.relu(convolve(x, net.tower[index]))
        x = ops.relu(ops.add(convolve(y, net.tower[index + 1]), x))
    heads = ops.relu(convolve(x, net.heads))
    split = leela.POLICY_PLANES
    logits = connect(flatten(heads, 0, split), net.policy)
    hidden = ops.relu(connect(flatten(heads, split, split + leela.VALUE_PLANES), net.value_hidden))
    value = connect(hidden, net.value)
    return _openvino().Model([ops.result(logits), ops.result(value)], [planes], net.name)
