"""A folded network in plain numpy and float32. Every backend is compared with its answers.

It needs no library that takes long to import. It is about as fast as torch without fused operations.
"""

import numpy as np

from alphazero.net import calibration, folding, leela

# B batch, H height, W width, C channels, K kernel side, O output channels
_ROWS = 324
"""Approximate number of points in one matrix product. Their neighbourhoods fit into the cache."""


class NumpyBackend:
    """The folded network in numpy, one call at a time. It is too slow for a search but starts at once."""

    name = "numpy cpu fp32"
    precision = "fp32"

    def __init__(self, net: folding.Folded) -> None:
        self._net = net

    def load(self, net: folding.Folded, exact: calibration.Exact) -> None:
        """Switches to another network."""
        self._net = net

    def unload(self) -> None:
        """Does nothing: it holds no memory besides the network."""

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        return _forward(self._net, planes)[:2]


def exact_answers(net: folding.Folded) -> calibration.Exact:
    """The network's float32 answers on `calibration.positions`."""
    return _forward(net, calibration.positions(net.size))


def _forward(net: folding.Folded, planes: np.ndarray) -> calibration.Exact:
    tops: list[np.ndarray] = []

    def convolve(x_BHWC: np.ndarray, layer: folding.FoldedConvolution) -> np.ndarray:
        tops.append(x_BHWC.max(axis=(0, 1, 2)))
        return _convolve(x_BHWC, layer)

    x_BHWC = _relu(convolve(planes.transpose(0, 2, 3, 1).astype(np.float32), net.tower[0]))
    for first, second in zip(net.tower[1::2], net.tower[2::2], strict=True):
        y_BHWC = _relu(convolve(x_BHWC, first))
        x_BHWC = _relu(convolve(y_BHWC, second) + x_BHWC)
    heads_BCHW = _relu(convolve(x_BHWC, net.heads)).transpose(0, 3, 1, 2)
    logits_BA = _dense(heads_BCHW[:, : leela.POLICY_PLANES], net.policy)
    hidden = _relu(_dense(heads_BCHW[:, leela.POLICY_PLANES :], net.value_hidden))
    return calibration.Exact(logits_BA, _dense(hidden, net.value)[:, 0], tops)


def _convolve(x_BHWC: np.ndarray, layer: folding.FoldedConvolution) -> np.ndarray:
    """[B, H, W, O], with zero padding. The points' neighbourhoods become rows, a few boards at a time."""
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


def _dense(x: np.ndarray, layer: leela.Dense) -> np.ndarray:
    return x.reshape(len(x), -1) @ layer.weight.T + layer.bias


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)
