"""Leela Zero's text weight files: a reader that checks everything and a bit-exact writer.

The format (leela-zero, src/Network.cpp, load_v1_network) is plain or gzipped text, one row of numbers per
line. The first line is the version; the rows that `_shapes` lists follow it. Batch norm has no gamma, and its
eps is 1e-5. The row after a kernel is its bias, which contains beta as beta * sqrt(variance + eps).
"""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import isqrt, prod
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alphazero import files

NUM_PLANES = 18
POLICY_PLANES = 2
VALUE_PLANES = 1
VALUE_HIDDEN = 256
BATCH_NORM_EPS = 1e-5
SIDE_TO_MOVE, BLACK = 1, 2
"""Versions of the format. They differ in the perspective of the value."""

_ROWS_OF_TRUNK_START, _ROWS_OF_BLOCK, _ROWS_OF_HEADS = 4, 8, 14


class ConvolutionWithNorm(NamedTuple):
    """A convolution of O filters over I channels with K x K kernels, then batch norm without gamma.

    Output channel o is (kernel[o] * x + bias[o] - mean[o]) / sqrt(variance[o] + BATCH_NORM_EPS).
    """

    kernel: np.ndarray  # [O, I, K, K] float32
    bias: np.ndarray  # [O] float32
    mean: np.ndarray  # [O] float32
    variance: np.ndarray  # [O] float32, not negative


class Dense(NamedTuple):
    """A fully connected layer, weight @ x + bias."""

    weight: np.ndarray  # [outputs, inputs] float32
    bias: np.ndarray  # [outputs] float32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Weights:
    """One network, in the order of the file. docs/conventions.md defines planes, points and actions."""

    version: int
    """SIDE_TO_MOVE: the value is that of the player to move. BLACK: it is Black's."""
    tower: tuple[ConvolutionWithNorm, ...]
    """The input convolution, then two for each residual block."""
    policy_convolution: ConvolutionWithNorm
    policy: Dense
    """[A, 2 * P]: logits from the two planes of the policy convolution, plane by plane."""
    value_convolution: ConvolutionWithNorm
    value_hidden: Dense
    """[VALUE_HIDDEN, P]."""
    value: Dense
    """[1, VALUE_HIDDEN]; tanh of its output is the value."""

    @property
    def size(self) -> int:
        """Board side in points."""
        return isqrt(len(self.policy.bias) - 1)

    @property
    def blocks(self) -> int:
        """Residual blocks."""
        return (len(self.tower) - 1) // 2

    @property
    def filters(self) -> int:
        """Channels of the tower."""
        return len(self.tower[0].bias)

    @property
    def name(self) -> str:
        """Short name of the shape, such as "b4c32"."""
        return f"b{self.blocks}c{self.filters}"


def read(source: Path | str | bytes) -> Weights:
    """Reads the network from a file or from a file's content.

    Raises ValueError with the error and its place in one line, and OSError if the path is unreadable.
    """
    label = "weights" if isinstance(source, bytes) else str(source)
    data = source if isinstance(source, bytes) else Path(source).read_bytes()
    lines = _text(data, label).rstrip("\n").split("\n")
    version = lines[0].strip()
    if version not in ("1", "2"):
        raise ValueError(f"{label}: line 1: format version {version[:20]!r}, expected 1 or 2")
    blocks, rest = divmod(len(lines) - 1 - _ROWS_OF_TRUNK_START - _ROWS_OF_HEADS, _ROWS_OF_BLOCK)
    if blocks < 0 or rest:
        raise ValueError(f"{label}: {len(lines)} lines, expected 19 plus 8 for each residual block")
    rows = [_numbers(line, f"{label}: line {number}") for number, line in enumerate(lines[1:], start=2)]
    filters = len(rows[1])
    size = _board_size(len(rows[-9]), f"{label}: line {len(lines) - 8}")
    return _assemble(int(version), _shaped(rows, list(_shapes(blocks, filters, size)), label))


def to_text(weights: Weights) -> bytes:
    """Returns the file's content. Each number is the shortest text that reads back as the same float32.

    Raises ValueError if Leela Zero could not load the network, because a head has another width or a number
    is not finite.
    """
    rows = list(_rows(weights))
    shapes = list(_shapes(weights.blocks, weights.filters, weights.size))
    assert len(rows) == len(shapes), "a tower is one convolution and two for each block"
    lines = [str(weights.version)]
    for row, (name, shape) in zip(rows, shapes, strict=True):
        if row.shape != shape:
            raise ValueError(f"{name} has shape {row.shape}; Leela Zero's format needs {shape}")
        if not np.isfinite(row).all():
            raise ValueError(f"{name} has numbers that are not finite")
        lines.append(" ".join(map(str, row.astype(np.float32, copy=False).ravel())))
    return ("\n".join(lines) + "\n").encode()


def write(weights: Weights, path: Path | str) -> None:
    """Writes the file atomically, gzipped if its name ends in .gz. A crash never leaves a partial file."""
    path = Path(path)
    data = to_text(weights)
    if path.suffix == ".gz":
        data = gzip.compress(data, mtime=0)  # equal networks make equal files
    files.write_atomic(path, data)


def _text(data: bytes, label: str) -> str:
    try:
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        return data.decode("ascii")
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{label}: corrupt gzip file: {error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{label}: not a text file, byte {error.start} is {data[error.start]}") from error


def _numbers(line: str, place: str) -> np.ndarray:
    """Parses a row into float32 [n]; raises ValueError if a number is not a finite float32."""
    words = line.split()
    try:
        exact = np.array(list(map(float, words)), np.float64)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    # Also False for NaN.
    is_good = np.abs(exact) <= np.finfo(np.float32).max
    if not is_good.all():
        index = int(np.argmin(is_good))
        raise ValueError(f"{place}: number {index + 1} is {words[index]}, expected a finite float32")
    return exact.astype(np.float32)


def _board_size(num_actions: int, place: str) -> int:
    size = isqrt(max(num_actions - 1, 0))
    if num_actions < 2 or size * size + 1 != num_actions:
        raise ValueError(f"{place}: {num_actions} policy biases, expected N * N + 1 for a board of side N")
    return size


def _shapes(blocks: int, filters: int, size: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of every row after the version, in the order of the file."""
    points = size * size
    yield from _convolution_shapes("input", (filters, NUM_PLANES, 3, 3))
    for block in range(1, blocks + 1):
        for half in ("first", "second"):
            yield from _convolution_shapes(f"block {block} {half}", (filters, filters, 3, 3))
    yield from _convolution_shapes("policy head", (POLICY_PLANES, filters, 1, 1))
    yield "policy weight", (points + 1, POLICY_PLANES * points)
    yield "policy bias", (points + 1,)
    yield from _convolution_shapes("value head", (VALUE_PLANES, filters, 1, 1))
    yield "value hidden weight", (VALUE_HIDDEN, VALUE_PLANES * points)
    yield "value hidden bias", (VALUE_HIDDEN,)
    yield "value weight", (1, VALUE_HIDDEN)
    yield "value bias", (1,)


def _convolution_shapes(
    name: str, kernel: tuple[int, int, int, int]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name} kernel", kernel
    for part in ("bias", "mean", "variance"):
        yield f"{name} {part}", (kernel[0],)


def _shaped(
    rows: list[np.ndarray], shapes: list[tuple[str, tuple[int, ...]]], label: str
) -> Iterator[np.ndarray]:
    for number, (row, (name, shape)) in enumerate(zip(rows, shapes, strict=True), start=2):
        if len(row) != prod(shape):
            expected = f"{prod(shape)} ({' x '.join(map(str, shape))})"
            raise ValueError(f"{label}: line {number}: {name} has {len(row)} numbers, expected {expected}")
        if name.endswith("variance") and row.min() < 0:
            raise ValueError(f"{label}: line {number}: {name} is {row.min()}, expected 0 or more")
        yield row.reshape(shape)


def _assemble(version: int, rows: Iterator[np.ndarray]) -> Weights:
    remaining = list(rows)
    heads = remaining[-_ROWS_OF_HEADS:]
    tower = remaining[:-_ROWS_OF_HEADS]
    return Weights(
        version=version,
        tower=tuple(ConvolutionWithNorm(*tower[start : start + 4]) for start in range(0, len(tower), 4)),
        policy_convolution=ConvolutionWithNorm(*heads[0:4]),
        policy=Dense(*heads[4:6]),
        value_convolution=ConvolutionWithNorm(*heads[6:10]),
        value_hidden=Dense(*heads[10:12]),
        value=Dense(*heads[12:14]),
    )


def _rows(weights: Weights) -> Iterator[np.ndarray]:
    """Every row after the version, in the order of the file."""
    for convolution in weights.tower:
        yield from convolution
    yield from weights.policy_convolution
    yield from weights.policy
    yield from weights.value_convolution
    yield from weights.value_hidden
    yield from weights.value
