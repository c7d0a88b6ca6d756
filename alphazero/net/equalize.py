"""Rescaling of a network's channels, so that 8 bits lose less. In exact arithmetic the network is the same.

A ReLU commutes with positive factors. A channel may therefore be divided by a factor in the layer that makes
it, if the kernels that read it are multiplied by the same factor. All channels of a tensor share one range
of 256 steps, so channels far below its top lose the most. The factors bring the channels closer together
(Nagel et al. 2019, "Data-free quantization through weight equalization and bias correction"). They are
shared between activations and kernels as in Xiao et al. 2023, "SmoothQuant", with exponent 1/2.
"""

from collections.abc import Sequence

import numpy as np

from alphazero.net import folding

_LEAST = 1e-3
"""Channels and kernels below this share of the largest are not scaled up any further."""


def equalize(net: folding.Folded, tops: Sequence[np.ndarray]) -> tuple[folding.Folded, list[np.ndarray]]:
    """Returns a network that computes the same, and its tops.

    tops: [I] largest input of each channel, by convolution: the tower's, then the heads'.
    """
    layers, tops = [*net.tower, net.heads], list(tops)
    firsts = range(1, len(net.tower), 2)  # of each block; these and the heads read the trunk
    for first in firsts:
        _divide(layers, tops, makers=[first], readers=[first + 1])
    _divide(layers, tops, makers=[0, *(first + 1 for first in firsts)], readers=[*firsts, len(net.tower)])
    return net._replace(tower=tuple(layers[:-1]), heads=layers[-1]), tops


def _divide(
    layers: list[folding.FoldedConvolution],
    tops: list[np.ndarray],
    makers: Sequence[int],
    readers: Sequence[int],
) -> None:
    """Divides each channel that `makers` make; only `readers` read it, and they multiply it again."""
    loud = np.mean([tops[index] / max(tops[index].max(), _LEAST) for index in readers], axis=0)
    steep = np.max([_steepness(layers[index].kernel) for index in readers], axis=0)
    factors = np.sqrt(np.maximum(loud, _LEAST) / np.maximum(steep, _LEAST))
    factors = (factors / np.exp(np.log(factors).mean())).astype(np.float32)
    for index in makers:
        kernel, bias = layers[index]
        layers[index] = folding.FoldedConvolution(kernel / factors[:, None, None, None], bias / factors)
    for index in readers:
        layers[index] = layers[index]._replace(kernel=layers[index].kernel * factors[None, :, None, None])
        tops[index] = tops[index] / factors


def _steepness(kernel: np.ndarray) -> np.ndarray:
    """[I] largest share of an input channel in the range of any filter."""
    widest = np.abs(kernel).max(axis=(1, 2, 3), keepdims=True)
    return (np.abs(kernel) / np.maximum(widest, 1e-12)).max(axis=(0, 2, 3))
