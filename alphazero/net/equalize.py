"""Rescales a network's channels so that 8 bits lose less; in exact arithmetic it stays the same network.

A ReLU lets positive factors through, so a channel may be divided by a factor where it is made and its
kernels multiplied by the same where it is read. All channels of a tensor share one range of 256 steps:
those that stay far below its top lose most. The factors bring them closer (Nagel et al. 2019, "Data-free
quantization through weight equalization and bias correction") and are shared between activations and
kernels as in Xiao et al. 2023, "SmoothQuant", with exponent 1/2.
"""

from collections.abc import Sequence

import numpy as np

from alphazero.net import folding

_LEAST = 1e-3
"""Channels and kernels below this share of the largest are not raised further."""


def equalize(net: folding.Folded, tops: Sequence[np.ndarray]) -> tuple[folding.Folded, list[np.ndarray]]:
    """A network that computes the same, and its tops.

    tops: the largest inputs [I] of each channel of each of the tower's convolutions and of the heads'.
    """
    layers, tops = [*net.tower, net.heads], list(tops)
    firsts = range(1, len(net.tower), 2)  # of each block; they and the heads read the trunk
    for first in firsts:
        _divide(layers, tops, makers=[first], readers=[first + 1])
    _divide(layers, tops, makers=[0, *(first + 1 for first in firsts)], readers=[*firsts, len(net.tower)])
    return net._replace(tower=tuple(layers[:-1]), heads=layers[-1]), tops


def _divide(
    layers: list[folding.Convolution], tops: list[np.ndarray], makers: Sequence[int], readers: Sequence[int]
) -> None:
    """Divides what `makers` make and `readers` alone read, channel by channel."""
    loud = np.mean([tops[index] / max(tops[index].max(), _LEAST) for index in readers], axis=0)
    steep = np.max([_steepness(layers[index].kernel) for index in readers], axis=0)
    factors = np.sqrt(np.maximum(loud, _LEAST) / np.maximum(steep, _LEAST))
    factors = (factors / np.exp(np.log(factors).mean())).astype(np.float32)
    for index in makers:
        kernel, bias = layers[index]
        layers[index] = folding.Convolution(kernel / factors[:, None, None, None], bias / factors)
    for index in readers:
        layers[index] = layers[index]._replace(kernel=layers[index].kernel * factors[None, :, None, None])
        tops[index] = tops[index] / factors


def _steepness(kernel: np.ndarray) -> np.ndarray:
    """[I] the largest share that an input channel has in the range of any filter."""
    widest = np.abs(kernel).max(axis=(1, 2, 3), keepdims=True)
    return (np.abs(kernel) / np.maximum(widest, 1e-12)).max(axis=(0, 2, 3))
