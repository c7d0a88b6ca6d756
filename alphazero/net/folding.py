"""Folded networks for inference: batch norm inside the convolutions, one 1x1 convolution for both heads."""

from typing import NamedTuple

import numpy as np

from alphazero.net import leela


class FoldedConvolution(NamedTuple):
    """A plain convolution: kernel [O, I, K, K] and bias [O], float32."""

    kernel: np.ndarray
    bias: np.ndarray


class Folded(NamedTuple):
    """A network that computes the same as its `leela.Weights`, in fewer steps."""

    size: int
    name: str  # the shape, such as "b4c32"
    tower: tuple[FoldedConvolution, ...]  # the input convolution, then two for each block
    heads: FoldedConvolution  # [3, C, 1, 1]: the two planes of the policy, then the value's
    policy: leela.Dense
    value_hidden: leela.Dense
    value: leela.Dense
    is_value_blacks: bool  # whether the value is Black's instead of the player to move's


def fold(weights: leela.Weights) -> Folded:
    """Folds in float64, so that the only error is the rounding of the result."""
    policy, value = _fold(weights.policy_convolution), _fold(weights.value_convolution)
    return Folded(
        size=weights.size,
        name=weights.name,
        tower=tuple(_fold(convolution) for convolution in weights.tower),
        heads=FoldedConvolution(
            np.concatenate([policy.kernel, value.kernel]), np.concatenate([policy.bias, value.bias])
        ),
        policy=weights.policy,
        value_hidden=weights.value_hidden,
        value=weights.value,
        is_value_blacks=weights.version == leela.BLACK,
    )


def _fold(layer: leela.Convolution) -> FoldedConvolution:
    scale = 1 / np.sqrt(layer.variance.astype(np.float64) + leela.BATCH_NORM_EPS)
    kernel = layer.kernel * scale[:, None, None, None]
    bias = (layer.bias.astype(np.float64) - layer.mean) * scale
    return FoldedConvolution(kernel.astype(np.float32), bias.astype(np.float32))
