"""Merging of KataGo's norms, convolutions and poolings into fewer layers. All of it computes in float64."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from alphazero.net import description
from alphazero.net.katago import model

Tensor = TypeVar("Tensor")


def normed(convolution: model.Convolution, norm: model.Norm) -> description.ConvolutionLayer:
    """The convolution and the norm after it, without its activation."""
    kernel = convolution.kernel * norm.scale.astype(np.float64)[:, None, None, None]
    return description.ConvolutionLayer(kernel.astype(np.float32), norm.bias)


def plain(convolution: model.Convolution, *, is_float: bool = False) -> description.ConvolutionLayer:
    """The convolution with biases of zero."""
    bias = np.zeros(len(convolution.kernel), np.float32)
    return description.ConvolutionLayer(convolution.kernel, bias, is_float)


def side_by_side(parts: Sequence[description.ConvolutionLayer]) -> description.ConvolutionLayer:
    """One convolution with the outputs of all parts, which read the same channels."""
    side = max(part.kernel.shape[2] for part in parts)
    borders = [(side - part.kernel.shape[2]) // 2 for part in parts]
    kernels = [
        np.pad(part.kernel, ((0, 0), (0, 0), (border, border), (border, border)))
        for part, border in zip(parts, borders, strict=True)
    ]
    return description.ConvolutionLayer(
        np.concatenate(kernels), np.concatenate([part.bias for part in parts])
    )


def of_pooled(layer: model.Dense, size: int, factors: np.ndarray | None = None) -> description.DenseLayer:
    """The layer on means and maxima [2 * C] only; the scaled means are merged into the means.

    factors: [O], of the norm after it.
    """
    mean, scaled, maximum = np.split(layer.weight.astype(np.float64), 3, axis=1)
    weight = np.concatenate([mean + _scale(size) * scaled, maximum], axis=1)
    if factors is not None:
        weight *= factors[:, None]
    return description.DenseLayer(weight.astype(np.float32), layer.bias)


def of_means(layer: model.Dense, size: int) -> description.DenseLayer:
    """The value head's layer on means [C] only, into which means scaled in two ways are merged."""
    mean, scaled, squared = np.split(layer.weight.astype(np.float64), 3, axis=1)
    weight = mean + _scale(size) * scaled + (_scale(size) ** 2 - 0.1) * squared
    return description.DenseLayer(weight.astype(np.float32), layer.bias)


def on_top(parts: Sequence[model.Dense | description.DenseLayer]) -> description.DenseLayer:
    """One layer with the outputs of all parts, which read the same vector."""
    weight, bias = zip(*parts, strict=True)
    return description.DenseLayer(np.concatenate(weight), np.concatenate(bias))


def activate(ops: description.Operations[Tensor], x: Tensor, activation: model.Activation) -> Tensor:
    """The activation of x."""
    match activation:
        case model.Activation.relu:
            return ops.relu(x)
        case model.Activation.mish:
            return ops.mish(x)
        case model.Activation.identity:
            return x


def _scale(size: int) -> float:
    return (size - 14) / 10
