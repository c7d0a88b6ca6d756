"""Networks in plain numpy and float32. Every backend is compared with its answers.

It needs no library that takes long to import. It is about as fast as torch without fused operations.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.net import calibration, description

# B batch, H height, W width, C channels, P points, K kernel side, O output channels
_ROWS = 324
"""Approximate number of points in one matrix product. Their neighbourhoods fit into the cache."""
_BOARD = (1, 2)
"""Axes of a board in [B, H, W, C]."""


class NumpyBackend:
    """A network in numpy, one call at a time. It is too slow for a search but starts at once."""

    name = "numpy cpu fp32"
    precision = "fp32"

    def __init__(self, net: description.Description) -> None:
        self._net = net

    def load(self, net: description.Description, exact: calibration.Exact) -> None:
        """Switches to another network."""
        self._net = net

    def unload(self) -> None:
        """Does nothing: it holds no memory besides the network."""

    def run(self, inputs: evaluators.Inputs) -> description.RawOutputs:
        """Implements `Backend.run`."""
        return run(NumpyOperations(self._net.layers), self._net, inputs)


class NumpyOperations:
    """`description.Operations` on boards [B, H, W, C] and vectors [B, C], all float32."""

    def __init__(self, layers: Mapping[str, description.Layer]) -> None:
        self._layers = layers

    def convolve(self, x: np.ndarray, name: str) -> np.ndarray:
        """[B, H, W, O]. The points' neighbourhoods become rows, a few boards at a time."""
        layer = self._layers[name]
        assert isinstance(layer, description.ConvolutionLayer)
        return _convolve(x, layer)

    def connect(self, x: np.ndarray, name: str) -> np.ndarray:
        """One product of matrices."""
        layer = self._layers[name]
        assert isinstance(layer, description.DenseLayer)
        return x @ layer.weight.T + layer.bias

    def scale(self, x: np.ndarray, name: str) -> np.ndarray:
        """Broadcasts along the last axis."""
        layer = self._layers[name]
        assert isinstance(layer, description.ScaleLayer)
        return x * layer.scale + layer.bias

    def add(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """A new array, as all of these are."""
        return x + y

    def add_vector(self, x: np.ndarray, vector: np.ndarray) -> np.ndarray:
        """Broadcasts over the board."""
        return x + vector[:, None, None]

    def relu(self, x: np.ndarray) -> np.ndarray:
        """Element by element."""
        return np.maximum(x, 0)

    def mish(self, x: np.ndarray) -> np.ndarray:
        """Element by element."""
        return x * np.tanh(np.logaddexp(0, x))

    def mean(self, x: np.ndarray) -> np.ndarray:
        """Over the board."""
        return x.mean(axis=_BOARD)

    def maximum(self, x: np.ndarray) -> np.ndarray:
        """Over the board."""
        return x.max(axis=_BOARD)

    def channels(self, x: np.ndarray, start: int, stop: int) -> np.ndarray:
        """A view."""
        return x[..., start:stop]

    def join(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Along the last axis."""
        return np.concatenate(parts, axis=-1)

    def flatten(self, x: np.ndarray) -> np.ndarray:
        """[B, C * H * W]."""
        return x.transpose(0, 3, 1, 2).reshape(len(x), -1)

    def rounded(self, x: np.ndarray, name: str) -> np.ndarray:
        """Returns x itself."""
        return x


class MeasuringOperations(NumpyOperations):
    """Records the range of each channel that a convolution reads."""

    def __init__(self, layers: Mapping[str, description.Layer]) -> None:
        super().__init__(layers)
        self.ranges: dict[str, calibration.Range] = {}

    def convolve(self, x: np.ndarray, name: str) -> np.ndarray:
        """As without records."""
        self.ranges[name] = calibration.Range(x.min(axis=(0, *_BOARD)), x.max(axis=(0, *_BOARD)))
        return super().convolve(x, name)


def run(
    ops: description.Operations[np.ndarray], net: description.Description, inputs: evaluators.Inputs
) -> description.RawOutputs:
    """The network's outputs for planes [B, C, N, N] uint8."""
    planes_BHWC = inputs.planes.transpose(0, 2, 3, 1).astype(np.float32)
    return net.compute(ops, planes_BHWC, inputs.globals)


def exact_answers(net: description.Description) -> calibration.Exact:
    """The network's float32 answers on `calibration.positions`."""
    inputs = calibration.positions(net.size, net.family)
    ops = MeasuringOperations(net.layers)
    raw = run(ops, net, inputs)
    return calibration.Exact(net.reader(inputs)(raw), ops.ranges)


def _convolve(x_BHWC: np.ndarray, layer: description.ConvolutionLayer) -> np.ndarray:
    """[B, H, W, O], with zero padding."""
    batch, height, width, channels = x_BHWC.shape
    outputs, _, side, _ = layer.kernel.shape
    border = side // 2
    padded = np.pad(x_BHWC, ((0, 0), (border, border), (border, border), (0, 0)))
    matrix = layer.kernel.transpose(2, 3, 1, 0).reshape(side * side * channels, outputs)
    at_once = min(batch, max(1, _ROWS // (height * width)))
    rows_BHWKKC = np.empty((at_once, height, width, side, side, channels), np.float32)
    y_BHWO = np.empty((batch, height, width, outputs), np.float32)
    for start in range(0, batch, at_once):
        part = padded[start : start + at_once]
        rows = rows_BHWKKC[: len(part)]
        for i in range(side):
            for j in range(side):
                rows[:, :, :, i, j] = part[:, i : i + height, j : j + width]
        products = rows.reshape(-1, len(matrix)) @ matrix
        y_BHWO[start : start + at_once] = products.reshape(len(part), height, width, outputs)
    return y_BHWO + layer.bias
