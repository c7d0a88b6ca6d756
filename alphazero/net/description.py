"""Networks as functions over a backend's operations, one function for each family.

A family describes its networks once: named layers of numbers, and a function that computes outputs from
planes and global inputs by `Operations`. A backend implements the operations and so computes every family.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.go import input_families

# B batch, C channels, N board side, P points, I inputs, O outputs, K kernel side
Tensor = TypeVar("Tensor")
RawOutputs = tuple[np.ndarray, ...]
"""A network's outputs in the order of its function, float32. A `Reader` knows what they mean."""
Reader = Callable[[RawOutputs], evaluators.Outputs]


class ConvolutionLayer(NamedTuple):
    """A convolution with zero padding and a bias."""

    kernel: np.ndarray  # [O, I, K, K] float32, K odd
    bias: np.ndarray  # [O] float32
    is_float: bool = False  # whether it uses floats where other convolutions use 8 bits


class DenseLayer(NamedTuple):
    """A fully connected layer, weight @ x + bias."""

    weight: np.ndarray  # [O, I] float32
    bias: np.ndarray  # [O] float32


class ScaleLayer(NamedTuple):
    """A factor and a bias for each channel."""

    scale: np.ndarray  # [C] float32
    bias: np.ndarray  # [C] float32


Layer = ConvolutionLayer | DenseLayer | ScaleLayer


class Operations(Protocol[Tensor]):
    """What a backend computes. Tensors are boards [B, C, N, N] or vectors [B, C].

    `add`, `relu` and `mish` may overwrite their first argument.
    """

    def convolve(self, x: Tensor, name: str, /) -> Tensor:
        """The convolution of this name, on boards."""
        ...

    def connect(self, x: Tensor, name: str, /) -> Tensor:
        """The fully connected layer of this name, on vectors."""
        ...

    def scale(self, x: Tensor, name: str, /) -> Tensor:
        """The factors and biases of this name, on boards."""
        ...

    def add(self, x: Tensor, y: Tensor, /) -> Tensor:
        """The sum of two tensors of one shape."""
        ...

    def add_vector(self, x: Tensor, vector: Tensor, /) -> Tensor:
        """Boards [B, C, N, N] plus a number for each channel, vector [B, C]."""
        ...

    def relu(self, x: Tensor, /) -> Tensor:
        """The larger of x and 0."""
        ...

    def mish(self, x: Tensor, /) -> Tensor:
        """x * tanh(ln(1 + exp(x)))."""
        ...

    def mean(self, x: Tensor, /) -> Tensor:
        """[B, C], the mean of each channel's board."""
        ...

    def maximum(self, x: Tensor, /) -> Tensor:
        """[B, C], the largest number of each channel's board."""
        ...

    def channels(self, x: Tensor, start: int, stop: int, /) -> Tensor:
        """Channels from start up to stop, exclusive, of boards or vectors."""
        ...

    def join(self, parts: Sequence[Tensor], /) -> Tensor:
        """Vectors one after the other."""
        ...

    def flatten(self, x: Tensor, /) -> Tensor:
        """[B, C * P], the boards of all channels as one vector."""
        ...

    def rounded(self, x: Tensor, name: str, /) -> Tensor:
        """x in 8 bits, for the convolution of this name and others, if the backend uses 8 bits; else x."""
        ...


Compute = Callable[[Operations[Any], Any, Any], tuple[Any, ...]]
"""Computes outputs from operations, planes [B, C, N, N] and globals [B, G], which are None if G is 0."""


class Rescaling(NamedTuple):
    """Channels that may be divided by positive factors, as only ReLUs lie between makers and readers."""

    makers: tuple[str, ...]  # layers whose first outputs are these channels
    readers: tuple[str, ...]  # convolutions whose inputs are these channels, and nothing else reads them


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Description:
    """One network on boards of one size."""

    name: str
    """The shape, such as "b4c32" or "kata-b4c32"."""
    size: int
    family: input_families.InputFamily
    layers: Mapping[str, Layer]
    compute: Compute
    """May depend on `structure`, but not on the numbers of the layers."""
    structure: Hashable
    """Equal for networks that can replace one another in a backend, beside the shapes of their layers."""
    reader: Callable[[evaluators.Inputs], Reader]
    """Returns what reads the raw outputs for these inputs, which may change afterwards."""
    rescalings: tuple[Rescaling, ...] = ()
    """In the order in which `equalize` uses them."""

    def replaces(self, other: "Description") -> bool:
        """Whether a backend that computes `other` can load this network."""
        return _shape(self) == _shape(other)


def _shape(net: Description) -> tuple[Any, ...]:
    shapes = [(name, *(np.shape(part) for part in layer)) for name, layer in net.layers.items()]
    return net.name, net.size, net.family, net.structure, shapes
