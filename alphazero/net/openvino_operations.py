"""A network's operations as nodes of an OpenVINO graph, of opset 13."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from alphazero.net import calibration, description

_MARGIN = 1.1
"""Factor between the ranges of an 8-bit network and the largest numbers of the calibration."""
_LEVELS = 256
_BOARD = np.array([2, 3])
"""Axes of a board in [B, C, N, N]."""


class OpenVinoOperations:
    """`description.Operations` on nodes for boards [B, C, N, N] and vectors [B, C]."""

    def __init__(
        self,
        layers: Mapping[str, description.Layer],
        ranges: Mapping[str, calibration.Range] | None,
        opset: Any,
    ) -> None:
        """ranges: of what each convolution reads; None for a network without 8 bits. opset: the module."""
        self._layers, self._ranges, self._opset = layers, ranges, opset

    def build(self, net: description.Description) -> tuple[list[Any], list[Any]]:
        """Returns the nodes of the network's results and of its parameters, planes and globals."""
        planes = self._opset.parameter([-1, net.family.num_planes, net.size, net.size], np.uint8, "planes")
        globals = None
        if net.family.num_globals:
            globals = self._opset.parameter([-1, net.family.num_globals], np.float32, "globals")
        # Planes are 8-bit numbers. A product with one states that in the form that OpenVINO detects.
        one = self._opset.constant(np.ones((1, 1, 1, 1), np.float32))
        x = self._opset.multiply(self._opset.convert(planes, "f32"), one)
        results = [self._opset.result(answer) for answer in net.compute(self, x, globals)]
        return results, [planes] if globals is None else [planes, globals]

    def convolve(self, x: Any, name: str) -> Any:
        """In 8 bits, its kernel is rounded to 255 steps for each filter."""
        layer = self._layers[name]
        assert isinstance(layer, description.ConvolutionLayer)
        kernel = self._opset.constant(layer.kernel)
        if self._ranges is not None and not layer.is_float:
            widest = np.abs(layer.kernel).max(axis=(1, 2, 3), keepdims=True)
            kernel = self._opset.fake_quantize(kernel, *_limits(-widest, widest), _LEVELS - 1)
        border = [layer.kernel.shape[2] // 2] * 2
        y = self._opset.convolution(x, kernel, [1, 1], border, border, [1, 1])
        return self._opset.add(y, self._opset.constant(layer.bias[None, :, None, None]))

    def connect(self, x: Any, name: str) -> Any:
        """In floats."""
        layer = self._layers[name]
        assert isinstance(layer, description.DenseLayer)
        product = self._opset.matmul(x, self._opset.constant(layer.weight), False, True)
        return self._opset.add(product, self._opset.constant(layer.bias[None]))

    def scale(self, x: Any, name: str) -> Any:
        """A product and a sum with constants."""
        layer = self._layers[name]
        assert isinstance(layer, description.ScaleLayer)
        product = self._opset.multiply(x, self._opset.constant(layer.scale[None, :, None, None]))
        return self._opset.add(product, self._opset.constant(layer.bias[None, :, None, None]))

    def add(self, x: Any, y: Any) -> Any:
        """OpenVINO computes it as part of a convolution."""
        return self._opset.add(x, y)

    def add_vector(self, x: Any, vector: Any) -> Any:
        """Broadcasts over the board."""
        return self._opset.add(x, self._opset.unsqueeze(vector, _BOARD))

    def relu(self, x: Any) -> Any:
        """Element by element."""
        return self._opset.relu(x)

    def mish(self, x: Any) -> Any:
        """Element by element."""
        return self._opset.mish(x)

    def mean(self, x: Any) -> Any:
        """By an operation of pooling, which is faster than a reduction."""
        pooled = self._opset.avg_pool(x, [1, 1], [0, 0], [0, 0], _board(x), True)
        return self._opset.squeeze(pooled, _BOARD)

    def maximum(self, x: Any) -> Any:
        """By an operation of pooling."""
        pooled = self._opset.max_pool(x, [1, 1], [1, 1], [0, 0], [0, 0], _board(x)).output(0)
        return self._opset.squeeze(pooled, _BOARD)

    def channels(self, x: Any, start: int, stop: int) -> Any:
        """Along the second axis."""
        return self._opset.slice(x, np.array([start]), np.array([stop]), np.array([1]), np.array([1]))

    def join(self, parts: Sequence[Any]) -> Any:
        """Along the second axis."""
        return self._opset.concat(list(parts), 1)

    def flatten(self, x: Any) -> Any:
        """[B, C * P]."""
        _, *numbers = x.get_output_partial_shape(0)
        num_numbers = math.prod(length.get_length() for length in numbers)
        return self._opset.reshape(x, np.array([-1, num_numbers]), False)

    def rounded(self, x: Any, name: str) -> Any:
        """Rounds to 256 steps in the range of what the convolution reads, with a margin."""
        if self._ranges is None:
            return x
        low, high = self._ranges[name]
        limits = _limits(_MARGIN * min(0.0, float(low.min())), _MARGIN * float(high.max()))
        return self._opset.fake_quantize(x, *limits, _LEVELS)


def _board(x: Any) -> list[int]:
    """Height and width."""
    return [length.get_length() for length in list(x.get_output_partial_shape(0))[2:]]


def _limits(low: Any, high: Any) -> list[np.ndarray]:
    """The four limits of a FakeQuantize that rounds within [low, high]. An empty range is widened."""
    high = np.maximum(np.asarray(high, np.float32), 1e-6)
    low = np.minimum(np.asarray(low, np.float32), 0)
    return [low, high, low, high]
