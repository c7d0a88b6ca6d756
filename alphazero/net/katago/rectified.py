"""Trunks that apply ReLUs after their blocks, and their exact form in KataGo's format.

KataGo's blocks start with a norm and an activation, and nothing follows their sum. A trunk with a ReLU after
each sum is exactly expressible all the same, since y + relu(-y) = relu(y): one more ordinary block after the
input and after each block computes relu(-y) and adds it. Its convolutions are identities.
"""

import itertools
from typing import NamedTuple

import numpy as np

from alphazero.net.katago import model

VERSION = 8
"""Version of our files, the one that asks least of the programs that load them."""


class Pooling(NamedTuple):
    """The part of a block that adds pooled features as a bias, with the fields of `model.PoolingBlock`."""

    pooled: model.Convolution
    pooled_norm: model.Norm
    to_bias: model.Dense


class RectifiedBlock(NamedTuple):
    """A block of x >= 0: relu(x + last(middle(first(x) + pooling(x))) + bias)."""

    first: model.Convolution
    pooling: Pooling | None
    middle: model.Norm
    last: model.Convolution
    bias: np.ndarray  # [C] float32


class RectifiedTrunk(NamedTuple):
    """A trunk that starts with relu(input_convolution(planes) + input_globals(globals) + bias)."""

    input_convolution: model.Convolution
    input_globals: model.Dense
    bias: np.ndarray  # [C] float32
    blocks: tuple[RectifiedBlock, ...]


class Heads(NamedTuple):
    """Heads of a network."""

    policy: model.PolicyHead
    value: model.ValueHead


def to_model(trunk: RectifiedTrunk, heads: Heads, label: str) -> model.Model:
    """A network of version `VERSION` with this trunk, the inverse of `detect`."""
    blocks, tip = to_blocks(trunk)
    return model.Model(
        label=label,
        version=VERSION,
        multipliers=model.Multipliers(),
        suicide_area=False,
        input_convolution=trunk.input_convolution,
        input_globals=trunk.input_globals,
        blocks=blocks,
        tip=tip,
        policy=heads.policy,
        value=heads.value,
    )


def to_blocks(trunk: RectifiedTrunk) -> tuple[tuple[model.Block, ...], model.Norm]:
    """The trunk in KataGo's format: its blocks, and the norm after them.

    The format has no biases after the input and after a block's last convolution. Therefore the stored
    channels are the trunk's minus an offset, the running sum of these biases. The first norm of each block
    adds it.
    """
    offset = trunk.bias
    blocks: list[model.Block] = [_rectifier(offset)]
    for block in trunk.blocks:
        blocks.append(_to_block(block, _relu_norm(np.ones_like(offset), offset)))
        offset = offset + block.bias
        blocks.append(_rectifier(offset))
    return tuple(blocks), _relu_norm(np.ones_like(offset), offset)


def detect(found: model.Model) -> RectifiedTrunk | None:
    """The trunk that `to_model` has written, or None if the network has another one.

    Kernels and norms are equal bit for bit. A bias is the difference of two offsets, and so within float32
    rounding of the offsets; the blocks of the answer equal those of `found` likewise.
    """
    rectifiers, blocks = found.blocks[::2], found.blocks[1::2]
    offsets = [_offset(block) for block in rectifiers]
    is_ours = found.version == VERSION and len(rectifiers) == len(blocks) + 1
    if not is_ours or any(offset is None for offset in offsets):
        return None
    known = [offset for offset in offsets if offset is not None]
    norms = [*(block.norm for block in blocks), found.tip]
    if not all(_adds(norm, offset) for norm, offset in zip(norms, known, strict=True)):
        return None
    biases = [after - before for before, after in itertools.pairwise(known)]
    own = [_of_block(block, bias) for block, bias in zip(blocks, biases, strict=True)]
    if any(block is None for block in own):
        return None
    return RectifiedTrunk(
        input_convolution=found.input_convolution,
        input_globals=found.input_globals,
        bias=known[0],
        blocks=tuple(block for block in own if block is not None),
    )


def _relu_norm(scale: np.ndarray, bias: np.ndarray) -> model.Norm:
    return model.Norm(scale, bias, model.Activation.relu)


def _identity(channels: int) -> model.Convolution:
    return model.Convolution(np.eye(channels, dtype=np.float32)[:, :, None, None])


def _rectifier(offset: np.ndarray) -> model.OrdinaryBlock:
    """x + relu(-(x + offset)): the stored channels of relu(x + offset)."""
    ones = np.ones_like(offset)
    return model.OrdinaryBlock(
        norm=_relu_norm(-ones, -offset),
        first=_identity(len(offset)),
        middle=_relu_norm(ones, np.zeros_like(offset)),
        last=_identity(len(offset)),
    )


def _offset(block: model.Block) -> np.ndarray | None:
    """The offset of a rectifying block, or None if the block is another one."""
    if not isinstance(block, model.OrdinaryBlock):
        return None
    offset = -block.norm.bias
    own = _rectifier(offset)
    pairs = (
        (block.norm.scale, own.norm.scale),
        (block.first.kernel, own.first.kernel),
        (block.middle.scale, own.middle.scale),
        (block.middle.bias, own.middle.bias),
        (block.last.kernel, own.last.kernel),
    )
    is_relu = block.norm.activation is block.middle.activation is model.Activation.relu
    return offset if is_relu and all(np.array_equal(*pair) for pair in pairs) else None


def _adds(norm: model.Norm, offset: np.ndarray) -> bool:
    """Whether the norm adds the offset, does nothing else, and ReLU follows."""
    is_relu = norm.activation is model.Activation.relu
    return is_relu and bool((norm.scale == 1).all()) and np.array_equal(norm.bias, offset)


def _to_block(block: RectifiedBlock, norm: model.Norm) -> model.Block:
    if block.pooling is None:
        return model.OrdinaryBlock(norm, block.first, block.middle, block.last)
    return model.PoolingBlock(norm, block.first, *block.pooling, block.middle, block.last)


def _of_block(block: model.Block, bias: np.ndarray) -> RectifiedBlock | None:
    match block:
        case model.OrdinaryBlock(_, first, middle, last):
            return RectifiedBlock(first, None, middle, last, bias)
        case model.PoolingBlock(_, first, pooled, pooled_norm, to_bias, middle, last):
            return RectifiedBlock(first, Pooling(pooled, pooled_norm, to_bias), middle, last, bias)
        case model.NestedBlock():
            return None
