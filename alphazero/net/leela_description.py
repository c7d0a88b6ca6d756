"""Leela Zero's networks for inference.

Batch norm is folded into the convolutions. Both heads share one 1x1 convolution.
"""

from collections.abc import Mapping
from functools import partial
from typing import TypeVar

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.go import input_families
from alphazero.net import description, leela

Tensor = TypeVar("Tensor")
_BLACK_TO_MOVE = 16
"""The plane that is 1 if Black is to move."""


def describe(weights: leela.Weights) -> description.Description:
    """Folds in float64, so that the only error is the rounding of the result."""
    firsts = tuple(f"block {block} first" for block in range(1, weights.blocks + 1))
    seconds = tuple(f"block {block} second" for block in range(1, weights.blocks + 1))
    within = (description.Rescaling((one,), (two,)) for one, two in zip(firsts, seconds, strict=True))
    trunk = description.Rescaling(("input", *seconds), (*firsts, "heads"))
    return description.Description(
        name=weights.name,
        size=weights.size,
        family=input_families.LEELA,
        layers=_layers(weights),
        compute=partial(_compute, weights.blocks),
        structure=weights.blocks,
        reader=partial(_reader, weights.version == leela.BLACK),
        rescalings=(*within, trunk),
    )


def _compute(
    blocks: int, ops: description.Operations[Tensor], planes: Tensor, globals: Tensor
) -> tuple[Tensor, Tensor]:
    """Logits [B, A] and values before tanh [B, 1]."""
    x = ops.relu(ops.convolve(planes, "input"))
    for block in range(1, blocks + 1):
        first, second = f"block {block} first", f"block {block} second"
        # The trunk is rounded before it branches, so that the shortcut adds 8-bit numbers, too.
        x = ops.rounded(x, first)
        y = ops.rounded(ops.relu(ops.convolve(x, first)), second)
        x = ops.relu(ops.add(ops.convolve(y, second), x))
    heads = ops.relu(ops.convolve(ops.rounded(x, "heads"), "heads"))
    split = leela.POLICY_PLANES
    logits = ops.connect(ops.flatten(ops.channels(heads, 0, split)), "policy")
    planes_of_value = ops.channels(heads, split, split + leela.VALUE_PLANES)
    hidden = ops.relu(ops.connect(ops.flatten(planes_of_value), "value hidden"))
    return logits, ops.connect(hidden, "value")


def _reader(is_value_blacks: bool, inputs: evaluators.Inputs) -> description.Reader:
    is_white_to_move = inputs.planes[:, _BLACK_TO_MOVE, 0, 0] != 1 if is_value_blacks else None

    def read(raw: description.RawOutputs) -> evaluators.Outputs:
        logits, values = raw[0], np.tanh(raw[1][:, 0])
        return evaluators.Outputs(
            logits, values if is_white_to_move is None else np.where(is_white_to_move, -values, values)
        )

    return read


def _layers(weights: leela.Weights) -> Mapping[str, description.Layer]:
    tower = [_fold(convolution) for convolution in weights.tower]
    layers: dict[str, description.Layer] = {"input": tower[0]}
    for block in range(1, weights.blocks + 1):
        layers[f"block {block} first"] = tower[2 * block - 1]
        layers[f"block {block} second"] = tower[2 * block]
    policy, value = _fold(weights.policy_convolution), _fold(weights.value_convolution)
    layers["heads"] = description.ConvolutionLayer(
        np.concatenate([policy.kernel, value.kernel]), np.concatenate([policy.bias, value.bias])
    )
    dense = {"policy": weights.policy, "value hidden": weights.value_hidden, "value": weights.value}
    return layers | {name: description.DenseLayer(*layer) for name, layer in dense.items()}


def _fold(layer: leela.ConvolutionWithNorm) -> description.ConvolutionLayer:
    scale = 1 / np.sqrt(layer.variance.astype(np.float64) + leela.BATCH_NORM_EPS)
    kernel = layer.kernel * scale[:, None, None, None]
    bias = (layer.bias.astype(np.float64) - layer.mean) * scale
    return description.ConvolutionLayer(kernel.astype(np.float32), bias.astype(np.float32))
