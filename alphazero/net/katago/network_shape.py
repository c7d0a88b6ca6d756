"""Channel numbers of a network of KataGo's family, from the settings of a run or from a file's network."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from alphazero.config import net as net_config
from alphazero.net.katago import model, model_facts, rectified

_NEVER = -5000.0
"""Logit of a game without result, which our rules do not know; finite in half precision."""


class BlockShape(NamedTuple):
    """A residual block of two convolutions. The first may have pooled channels beside the regular ones."""

    regular: int
    pooled: int = 0
    first_side: int = 3
    last_side: int = 3


class NestedShape(NamedTuple):
    """A bottleneck around residual blocks."""

    channels: int
    blocks: tuple[BlockShape, ...]
    first_side: int = 1
    last_side: int = 1


class HeadShape(NamedTuple):
    """Channels of the policy head and of the value head."""

    policy: int
    pooled: int  # of the policy head, pooled for its bias and for the pass
    value: int
    hidden: int  # of the value head
    side: int = 1  # of the convolutions from the trunk
    policy_side: int = 1
    ownership_side: int = 1
    pass_hidden: int = 0  # hidden units of the pass; 0 without that layer
    pass_activation: model.Activation = model.Activation.identity


class FileTraits(NamedTuple):
    """The parts of a file that training does not change.

    Logits of win, loss and no result (w, l, n) have the same softmax as (x, -x, n - (w + l) / 2) with
    x = (w - l) / 2. Therefore one logit x is trained, and the third stays.
    """

    version: int = rectified.VERSION
    policies: int = 1  # channels of the policy; all are written as the first
    multipliers: model.Multipliers = model.Multipliers()
    suicide_area: bool = False
    no_result: model.Dense = model.Dense(np.zeros((1, 1), np.float32), np.full(1, _NEVER, np.float32))
    other_scores: model.Dense = model.Dense(np.zeros((1, 1), np.float32), np.zeros(1, np.float32))
    """Rows of the scores after the lead. Weights [R, 1] stand for equal columns."""


class NetworkShape(NamedTuple):
    """Everything that determines a network's layers."""

    filters: int
    trunk: net_config.Trunk
    activation: model.Activation
    blocks: tuple[BlockShape | NestedShape, ...]
    heads: HeadShape
    input_side: int = 3
    traits: FileTraits = FileTraits()

    @property
    def name(self) -> str:
        """Short name, such as "kata-b4c32"."""
        return f"kata-b{len(self.blocks)}c{self.filters}"


def of_config(config: net_config.NetConfig) -> NetworkShape:
    """The shape of a new network. Every second block pools about a third of its channels, as in KataGo.

    It pools at least 16, because 8-bit convolutions are fast for multiples of 16 channels.
    """
    filters = config.filters
    pooled = min(max(8 * round(filters / 24), 16), filters // 2)
    ordinary, pooling = BlockShape(filters), BlockShape(filters - pooled, pooled)
    head = min(32, 8 * -(-3 * filters // 64))
    return NetworkShape(
        filters=filters,
        trunk=config.trunk,
        activation=model.Activation.relu,
        blocks=tuple(pooling if index % 2 else ordinary for index in range(config.blocks)),
        heads=HeadShape(policy=head, pooled=head, value=head, hidden=min(64, 32 + filters // 2)),
    )


def of_model(found: model.Model, config: net_config.NetConfig) -> NetworkShape:
    """The shape of a file's network, which must have the blocks, channels and trunk of `config`.

    Raises ValueError with one line if it does not, or if its layers cannot be trained.
    """
    post = rectified.detect(found)
    shape = NetworkShape(
        filters=found.filters,
        trunk=net_config.Trunk.pre if post is None else net_config.Trunk.post,
        activation=_activation(found),
        blocks=tuple(map(_block, found.blocks if post is None else post.blocks)),
        heads=_heads(found),
        input_side=_side(found.input_convolution),
        traits=_traits(found) if post is None else FileTraits(),
    )
    own = (config.name, config.trunk)
    if (shape.name, shape.trunk) != own:
        raise ValueError(
            f"weights are {shape.name} with net.trunk={shape.trunk.value}; "
            f"the network is {config.name} with net.trunk={config.trunk.value}"
        )
    if config.inputs is net_config.InputSet.fast and model_facts.reads_tactics(found):
        raise ValueError("weights read ladders and areas; training them needs net.inputs=full")
    return shape


def clear_slow_inputs(kernel: np.ndarray) -> None:
    """Sets weights [O, 22, K, K], or their gradients, to zero where inputs are ladders and areas."""
    kernel[:, model_facts.LADDERS_AND_AREAS] = 0


def _traits(found: model.Model) -> FileTraits:
    return FileTraits(
        version=found.version,
        policies=len(found.policy.last.kernel),
        multipliers=found.multipliers,
        suicide_area=found.suicide_area,
        no_result=_no_result(found.value.outcome),
        other_scores=model.Dense(*(array[3:] for array in found.value.scores)),
    )


def _no_result(outcome: model.Dense) -> model.Dense:
    return model.Dense(*(array[2:] - (array[:1] + array[1:2]) / 2 for array in outcome))


def _activation(found: model.Model) -> model.Activation:
    head, policy = found.value, found.policy
    norms = [found.tip, policy.pooled_norm, policy.norm, head.norm, *_norms(found.blocks)]
    used = {norm.activation for norm in norms} | {head.hidden_activation}
    if len(used) > 1 or model.Activation.identity in used:
        raise ValueError("weights mix activation functions, which cannot be trained")
    return used.pop()


def _norms(blocks: Iterable[model.Block]) -> Iterable[model.Norm]:
    for block in blocks:
        yield block.norm
        match block:
            case model.OrdinaryBlock():
                yield block.middle
            case model.PoolingBlock():
                yield from (block.pooled_norm, block.middle)
            case model.NestedBlock():
                yield block.last_norm
                yield from _norms(block.blocks)


def _block(block: model.Block | rectified.RectifiedBlock) -> BlockShape | NestedShape:
    if isinstance(block, model.NestedBlock):
        inner = tuple(map(_block, block.blocks))
        plain = tuple(each for each in inner if isinstance(each, BlockShape))
        if len(plain) < len(inner):
            raise ValueError("weights nest bottlenecks in bottlenecks, which cannot be trained")
        return NestedShape(len(block.first.kernel), plain, _side(block.first), _side(block.last))
    pooled = None
    if isinstance(block, model.PoolingBlock):
        pooled = block.pooled
    elif isinstance(block, rectified.RectifiedBlock) and block.pooling is not None:
        pooled = block.pooling.pooled
    if pooled is not None:
        _require_equal(_side(block.first), _side(pooled))
    channels = 0 if pooled is None else len(pooled.kernel)
    return BlockShape(len(block.first.kernel), channels, _side(block.first), _side(block.last))


def _heads(found: model.Model) -> HeadShape:
    policy, value = found.policy, found.value
    _require_equal(_side(policy.points), _side(policy.pooled), _side(value.features))
    return HeadShape(
        policy=len(policy.points.kernel),
        pooled=len(policy.pooled.kernel),
        value=len(value.features.kernel),
        hidden=len(value.hidden.bias),
        side=_side(policy.points),
        policy_side=_side(policy.last),
        ownership_side=_side(value.ownership),
        pass_hidden=0 if policy.last_pass is None else len(policy.to_pass.bias),
        pass_activation=policy.pass_activation,
    )


def _side(convolution: model.Convolution) -> int:
    return convolution.kernel.shape[-1]


def _require_equal(*sides: int) -> None:
    if len(set(sides)) > 1:
        raise ValueError("weights have parallel convolutions of different sizes, which cannot be trained")
