"""Rescaling of a network's channels, so that 8 bits lose less. In exact arithmetic the network is the same.

A ReLU commutes with positive factors. A channel may therefore be divided by a factor in the layer that makes
it, if the kernels that read it are multiplied by the same factor. All channels of a tensor share one range
of 256 steps, so channels far below its top lose the most. The factors bring the channels closer together
(Nagel et al. 2019, "Data-free quantization through weight equalization and bias correction"). They are
shared between activations and kernels as in Xiao et al. 2023, "SmoothQuant", with exponent 1/2.
"""

import dataclasses
from collections.abc import Mapping
from typing import TypeVar

import numpy as np

from alphazero.net import calibration, description

AnyLayer = TypeVar("AnyLayer", bound=description.Layer)
Ranges = dict[str, calibration.Range]
_LEAST = 1e-3
"""Channels and kernels below this share of the largest are not scaled up any further."""


def equalize(
    net: description.Description, ranges: Mapping[str, calibration.Range]
) -> tuple[description.Description, Ranges]:
    """Returns a network that computes the same, and its ranges.

    ranges: of each channel that a convolution reads, by the convolution's name.
    """
    layers, new_ranges = dict(net.layers), dict(ranges)
    for rescaling in net.rescalings:
        factors = _factors(rescaling, layers, new_ranges)
        for name in rescaling.makers:
            layers[name] = _divided(layers[name], factors)
        for name in rescaling.readers:
            layer = layers[name]
            assert isinstance(layer, description.ConvolutionLayer)
            layers[name] = layer._replace(kernel=layer.kernel * factors[None, :, None, None])
            low, high = new_ranges[name]
            new_ranges[name] = calibration.Range(low / factors, high / factors)
    return dataclasses.replace(net, layers=layers), new_ranges


def _factors(
    rescaling: description.Rescaling,
    layers: Mapping[str, description.Layer],
    ranges: Mapping[str, calibration.Range],
) -> np.ndarray:
    """[C], by which the makers' channels are divided."""
    tops = [ranges[name].high for name in rescaling.readers]
    loud = np.mean([top / max(top.max(), _LEAST) for top in tops], axis=0)
    steep = np.max([_steepness(layers[name]) for name in rescaling.readers], axis=0)
    factors = np.sqrt(np.maximum(loud, _LEAST) / np.maximum(steep, _LEAST))
    return (factors / np.exp(np.log(factors).mean())).astype(np.float32)


def _divided(layer: AnyLayer, factors: np.ndarray) -> AnyLayer:
    """Divides a layer's first outputs. It may have more outputs, which other layers read."""
    main, bias = layer[:2]
    divisors = np.ones(len(bias), np.float32)
    divisors[: len(factors)] = factors
    columns = divisors.reshape(-1, *[1] * (main.ndim - 1))
    return type(layer)(main / columns, bias / divisors, *layer[2:])  # pyright: ignore[reportReturnType] its own type


def _steepness(layer: description.Layer) -> np.ndarray:
    """[I] largest share of an input channel in the range of any filter."""
    assert isinstance(layer, description.ConvolutionLayer)
    widest = np.abs(layer.kernel).max(axis=(1, 2, 3), keepdims=True)
    return (np.abs(layer.kernel) / np.maximum(widest, 1e-12)).max(axis=(0, 2, 3))
