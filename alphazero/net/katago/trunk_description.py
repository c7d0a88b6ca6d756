"""Trunks of KataGo's networks for inference, in KataGo's form and in the rectified one.

A block's first convolution and its pooled convolution are one, with the regular channels first.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from alphazero.net import description
from alphazero.net.katago import layer_merging, model, rectified

Tensor = TypeVar("Tensor")
Layers = dict[str, description.Layer]
RELU = model.Activation.relu
HEADS = ("policy points", "policy pooled", "value features")
"""Convolutions that read the trunk's output."""


class PoolingForm(NamedTuple):
    """Channels of a block's first convolution, of which those from `regular` up to `total` are pooled."""

    regular: int
    total: int
    activation: model.Activation


class BlockForm(NamedTuple):
    """What a block's function depends on. The names of its layers begin with `name`."""

    name: str
    activation: model.Activation  # of the first norm; not used in rectified trunks
    pooling: PoolingForm | None
    inner: "tuple[BlockForm, ...] | None"  # of a nested block
    middle: model.Activation  # before the last convolution


class TrunkForm(NamedTuple):
    """What a trunk's function depends on."""

    blocks: tuple[BlockForm, ...]
    tip: model.Activation | None  # None for a rectified trunk, which has no norm at its end


def compute(ops: description.Operations[Tensor], shape: TrunkForm, planes: Tensor, globals: Tensor) -> Tensor:
    """The trunk's output, in 8 bits if there are any."""
    x = ops.add_vector(ops.convolve(planes, "input"), ops.connect(globals, "globals"))
    if shape.tip is None:
        x = ops.relu(x)
        for block in shape.blocks:
            x = _rectified_block(ops, block, x)
    else:
        for block in shape.blocks:
            x = _block(ops, block, x)
        x = layer_merging.activate(ops, ops.scale(x, "tip"), shape.tip)
    return ops.rounded(x, HEADS[0])


def _rectified_block(ops: description.Operations[Tensor], shape: BlockForm, x: Tensor) -> Tensor:
    # The trunk is rounded before it branches, so that the shortcut adds 8-bit numbers, too.
    x = ops.rounded(x, f"{shape.name} first")
    y = layer_merging.activate(ops, _first(ops, shape, x), shape.middle)
    last = f"{shape.name} last"
    return ops.relu(ops.add(ops.convolve(ops.rounded(y, last), last), x))


def _block(ops: description.Operations[Tensor], shape: BlockForm, x: Tensor) -> Tensor:
    first, last = f"{shape.name} first", f"{shape.name} last"
    y = layer_merging.activate(ops, ops.scale(x, f"{shape.name} norm"), shape.activation)
    y = _first(ops, shape, ops.rounded(y, first))
    if shape.inner is not None:
        for inner in shape.inner:
            y = _block(ops, inner, y)
        y = ops.scale(y, f"{shape.name} last norm")
    y = layer_merging.activate(ops, y, shape.middle)
    return ops.add(ops.convolve(ops.rounded(y, last), last), x)


def _first(ops: description.Operations[Tensor], shape: BlockForm, x: Tensor) -> Tensor:
    """The first convolution, and the pooled features as a bias."""
    y = ops.convolve(x, f"{shape.name} first")
    if shape.pooling is None:
        return y
    regular, total, activation = shape.pooling
    pooled = layer_merging.activate(ops, ops.channels(y, regular, total), activation)
    bias = ops.connect(ops.join([ops.mean(pooled), ops.maximum(pooled)]), f"{shape.name} pooling")
    return ops.add_vector(ops.channels(y, 0, regular), bias)


def add_rectified(layers: Layers, trunk: rectified.RectifiedTrunk, size: int) -> TrunkForm:
    """Adds the layers of a rectified trunk, and returns its shape."""
    layers["input"] = description.ConvolutionLayer(trunk.input_convolution.kernel, trunk.bias)
    layers["globals"] = description.DenseLayer(*trunk.input_globals)
    shapes = []
    for number, block in enumerate(trunk.blocks, start=1):
        name = f"block {number}"
        pooling = _add_first(layers, name, size, block.first, block.pooling, block.middle)
        layers[f"{name} last"] = description.ConvolutionLayer(block.last.kernel, block.bias)
        shapes.append(BlockForm(name, RELU, pooling, None, block.middle.activation))
    return TrunkForm(tuple(shapes), None)


def add(layers: Layers, weights: model.Model, size: int) -> TrunkForm:
    """Adds the layers of a trunk in KataGo's own form, and returns its shape."""
    layers["input"] = layer_merging.plain(weights.input_convolution)
    layers["globals"] = description.DenseLayer(*weights.input_globals)
    shapes = _add_blocks(layers, "block ", weights.blocks, size)
    layers["tip"] = _scale(weights.tip)
    return TrunkForm(shapes, weights.tip.activation)


def _add_blocks(
    layers: Layers, prefix: str, blocks: Sequence[model.Block], size: int
) -> tuple[BlockForm, ...]:
    names = (f"{prefix}{number}" for number in range(1, len(blocks) + 1))
    return tuple(_add_block(layers, name, block, size) for name, block in zip(names, blocks, strict=True))


def _add_block(layers: Layers, name: str, block: model.Block, size: int) -> BlockForm:
    layers[f"{name} norm"] = _scale(block.norm)
    if isinstance(block, model.NestedBlock):
        layers[f"{name} first"] = layer_merging.plain(block.first)
        inner, pooling, middle = _add_blocks(layers, f"{name}.", block.blocks, size), None, block.last_norm
        layers[f"{name} last norm"] = _scale(middle)
    else:
        parts = None
        if isinstance(block, model.PoolingBlock):
            parts = rectified.Pooling(block.pooled, block.pooled_norm, block.to_bias)
        inner, middle = None, block.middle
        pooling = _add_first(layers, name, size, block.first, parts, middle)
    layers[f"{name} last"] = layer_merging.plain(block.last)
    return BlockForm(name, block.norm.activation, pooling, inner, middle.activation)


def _add_first(
    layers: Layers,
    name: str,
    size: int,
    first: model.Convolution,
    pooling: rectified.Pooling | None,
    middle: model.Norm,
) -> PoolingForm | None:
    """Adds a block's first convolution with the norm after it, and the pooled convolution."""
    layer = layer_merging.normed(first, middle)
    layers[f"{name} first"] = layer
    if pooling is None:
        return None
    both = [layer, layer_merging.normed(pooling.pooled, pooling.pooled_norm)]
    layers[f"{name} first"] = layer_merging.side_by_side(both)
    layers[f"{name} pooling"] = layer_merging.of_pooled(pooling.to_bias, size, middle.scale)
    regular, total = len(first.kernel), len(first.kernel) + len(pooling.pooled.kernel)
    return PoolingForm(regular, total, pooling.pooled_norm.activation)


def _scale(norm: model.Norm) -> description.ScaleLayer:
    return description.ScaleLayer(norm.scale, norm.bias)


def rescalings(shape: TrunkForm) -> list[description.Rescaling]:
    """What `equalize` may rescale: within blocks, and the trunk's channels if it is rectified."""
    found = [one for block in shape.blocks for one in _within(block, is_rectified=shape.tip is None)]
    if shape.tip is None:
        names = [block.name for block in shape.blocks]
        makers = ("input", "globals", *(f"{name} last" for name in names))
        found.append(description.Rescaling(makers, (*(f"{name} first" for name in names), *HEADS)))
    elif shape.tip is RELU:
        found.append(description.Rescaling(("tip",), HEADS))
    return found


def _within(shape: BlockForm, *, is_rectified: bool) -> list[description.Rescaling]:
    first, last = f"{shape.name} first", f"{shape.name} last"
    found = [one for inner in shape.inner or () for one in _within(inner, is_rectified=False)]
    if shape.activation is RELU and not is_rectified:
        found.append(description.Rescaling((f"{shape.name} norm",), (first,)))
    if shape.middle is RELU:
        makers = [first] if shape.inner is None else [f"{shape.name} last norm"]
        if shape.pooling is not None:
            makers.append(f"{shape.name} pooling")
        found.append(description.Rescaling(tuple(makers), (last,)))
    return found
