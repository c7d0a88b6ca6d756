"""A weight file's answers in plain numpy, independent of the rest of this package.

It shares no code with `leela`, `resnet` or the inference backends. The "largest difference" in a certificate
therefore compares two independent readers of the format. It computes in float64, one convolution at a time,
without optimizations.
"""

import gzip
from pathlib import Path

import numpy as np

# B batch, C channels, H height, W width, K kernel side, O output channels
_EPS = 1e-5


def forward(source: Path | str | bytes, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns logits [B, A] and values [B], float64, of the network in a weight file.

    planes: [B, 18, N, N]. Values are in [-1, 1] from the perspective of the player to move, even for version
    2 files, which store Black's. The file must be well-formed; `leela.read` checks that.
    """
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    version, *rows = [np.array(line.split(), dtype=np.float64) for line in data.decode().strip().split("\n")]
    heads = rows[-14:]
    x_BCHW = _batch_norm(_convolve(planes.astype(np.float64), rows[0], 3), rows[1:4])
    x_BCHW = np.maximum(x_BCHW, 0)
    for start in range(4, len(rows) - 14, 8):
        first, second = rows[start : start + 4], rows[start + 4 : start + 8]
        y_BCHW = np.maximum(_batch_norm(_convolve(x_BCHW, first[0], 3), first[1:]), 0)
        y_BCHW = _batch_norm(_convolve(y_BCHW, second[0], 3), second[1:])
        x_BCHW = np.maximum(x_BCHW + y_BCHW, 0)
    policy = np.maximum(_batch_norm(_convolve(x_BCHW, heads[0], 1), heads[1:4]), 0)
    logits = _dense(policy.reshape(len(planes), -1), heads[4], heads[5])
    value = np.maximum(_batch_norm(_convolve(x_BCHW, heads[6], 1), heads[7:10]), 0)
    hidden = np.maximum(_dense(value.reshape(len(planes), -1), heads[10], heads[11]), 0)
    values = np.tanh(_dense(hidden, heads[12], heads[13]))[:, 0]
    if version[0] == 2:
        values = np.where(planes[:, 16, 0, 0] == 1, values, -values)
    return logits, values


def _convolve(x_BCHW: np.ndarray, numbers: np.ndarray, side: int) -> np.ndarray:
    """[B, O, H, W], for `side` x `side` kernels with zero padding. numbers: [O, C, K, K] as one row."""
    channels = x_BCHW.shape[1]
    kernel_OCKK = numbers.reshape(-1, channels, side, side)
    border = side // 2
    padded = np.pad(x_BCHW, ((0, 0), (0, 0), (border, border), (border, border)))
    windows_BCHWKK = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(2, 3))
    return np.einsum("bchwij,ocij->bohw", windows_BCHWKK, kernel_OCKK, optimize=True)


def _batch_norm(x_BCHW: np.ndarray, rows: list[np.ndarray]) -> np.ndarray:
    bias, mean, variance = (row[:, None, None] for row in rows)
    return (x_BCHW + bias - mean) / np.sqrt(variance + _EPS)


def _dense(x: np.ndarray, numbers: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return x @ numbers.reshape(len(bias), -1).T + bias
