"""Growth of a network in training: more channels and more blocks, and the same answers as before.

A new channel is a copy of an old one (Net2Net, Chen et al. 2016). Layers that read the copies divide the old
weights among them in random shares. The answers stay the same, and the copies get different gradients, so
that training makes them different. A new block adds zero at first.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from alphazero.net import auxiliary, resnet
from alphazero.net.katago import layers, network, network_heads
from alphazero.training import trainable

_SMALLEST_SHARE = 0.25
"""Smallest weight of a copy before the shares of all copies are scaled to sum to 1; the largest is 1."""


class Channels(NamedTuple):
    """Channels of a layer in the larger network."""

    sources: np.ndarray  # [L] the channel of the smaller network that each one copies
    shares: np.ndarray  # [L] fractions of the old weight; they sum to 1 over the copies of a channel

    def times(self, count: int) -> "Channels":
        """`count` groups of these channels, as pools of several kinds have them."""
        width = 1 + int(self.sources.max())
        sources = np.concatenate([self.sources + group * width for group in range(count)])
        return Channels(sources, np.tile(self.shares, count))


def joined(parts: list[Channels]) -> Channels:
    """Channels of parallel layers, one after the other."""
    starts = np.cumsum([0, *(1 + int(part.sources.max()) for part in parts)])
    sources = [part.sources + start for part, start in zip(parts, starts, strict=False)]
    return Channels(np.concatenate(sources), np.concatenate([part.shares for part in parts]))


def draw(smaller: int, larger: int, rng: np.random.Generator) -> Channels:
    """All old channels, then copies of random ones. Raises ValueError if `larger` is smaller."""
    if larger < smaller:
        raise ValueError(f"has {smaller} channels in the smaller network and {larger} in the larger one")
    # No channel is copied again before all others are.
    rounds = [rng.permutation(smaller) for _ in range(-(-larger // smaller) - 1)]
    sources = np.concatenate([np.arange(smaller), *rounds])[:larger]
    weights = rng.uniform(_SMALLEST_SHARE, 1, larger)
    return Channels(sources, weights / np.bincount(sources, weights)[sources])


@torch.no_grad()
def grow(small: trainable.Network, large: trainable.Network, rng: np.random.Generator) -> None:
    """Gives `large` the function of `small`. Both have the same heads and, in Leela Zero's family, board.

    Raises ValueError if `large` has fewer blocks or channels, or another kind of network.
    """
    if isinstance(small, network.KataNet) and isinstance(large, network.KataNet):
        _Growth(rng).katago(small, large)
    elif isinstance(small, resnet.ResNet) and isinstance(large, resnet.ResNet):
        _Growth(rng).leela(small, large)
    else:
        raise ValueError("networks of two families do not grow into each other")


class _Growth:
    """Copies layer by layer. Arguments are the layers of both networks, and the channels of their ends."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def leela(self, small: resnet.ResNet, large: resnet.ResNet) -> None:
        trunk = self._draw(small.input.convolution.out_channels, large.input.convolution.out_channels)
        _normed(small.input, large.input, outputs=trunk)
        self._blocks(small.blocks, large.blocks, trunk)
        for name in ("policy_convolution", "value_convolution"):
            _normed(getattr(small, name), getattr(large, name), inputs=trunk)
        for name in ("policy", "value_hidden", "value"):
            _weighted(getattr(small, name), getattr(large, name))
        _auxiliary(small.auxiliary, large.auxiliary, trunk)

    def katago(self, small: network.KataNet, large: network.KataNet) -> None:
        if small.tip is not None or not isinstance(small.input, resnet.NormedConvolution):
            raise ValueError("only networks with net.trunk=post grow")
        assert isinstance(large.input, resnet.NormedConvolution)
        trunk = self._draw(small.shape.filters, large.shape.filters)
        _normed(small.input, large.input, outputs=trunk)
        _weighted(small.globals, large.globals, outputs=trunk)
        self._blocks(small.blocks, large.blocks, trunk)
        self._heads(small.heads, large.heads, trunk)
        _auxiliary(small.auxiliary, large.auxiliary, trunk)

    def _blocks(self, small: nn.ModuleList, large: nn.ModuleList, trunk: Channels) -> None:
        if len(large) < len(small):
            raise ValueError(
                f"has {len(small)} blocks in the smaller network and {len(large)} in the larger one"
            )
        for block, grown in zip(small, large, strict=False):
            if isinstance(block, resnet.ResidualBlock):
                assert isinstance(grown, resnet.ResidualBlock)
                middle = self._draw(
                    block.first.convolution.out_channels, grown.first.convolution.out_channels
                )
                _normed(block.first, grown.first, inputs=trunk, outputs=middle)
            else:
                assert isinstance(block, layers.PostBlock) and isinstance(grown, layers.PostBlock)
                middle = self._pooled(block.first, grown.first, trunk)
            _normed(block.second, grown.second, inputs=middle, outputs=trunk)
        for grown in large[len(small) :]:
            assert isinstance(grown, resnet.ResidualBlock | layers.PostBlock)
            nn.init.zeros_(grown.second.norm.weight)
            nn.init.zeros_(grown.second.norm.bias)

    def _pooled(
        self, small: layers.PooledConvolution, large: layers.PooledConvolution, trunk: Channels
    ) -> Channels:
        """The regular channels."""
        regular, pooled = (self._draw(*sizes) for sizes in zip(small.parts, large.parts, strict=True))
        together = joined([regular, pooled]) if len(pooled.sources) else regular
        _normed(small.convolution, large.convolution, inputs=trunk, outputs=together)
        if small.to_bias is not None and large.to_bias is not None:
            _weighted(small.to_bias, large.to_bias, inputs=pooled.times(3), outputs=regular)
        return regular

    def _heads(
        self, small: network_heads.PolicyAndValue, large: network_heads.PolicyAndValue, trunk: Channels
    ) -> None:
        parts = [self._draw(*sizes) for sizes in zip(small.parts, large.parts, strict=True)]
        policy, pooled, value = parts
        hidden = self._draw(small.hidden.out_features, large.hidden.out_features)
        _normed(small.convolution, large.convolution, inputs=trunk, outputs=joined(parts))
        _weighted(small.to_bias, large.to_bias, inputs=pooled.times(3), outputs=policy)
        _weighted(small.policy, large.policy, inputs=policy)
        _weighted(small.to_pass, large.to_pass, inputs=pooled.times(3))
        _weighted(small.hidden, large.hidden, inputs=value.times(3), outputs=hidden)
        _weighted(small.value, large.value, inputs=hidden)
        _weighted(small.scores, large.scores, inputs=hidden)
        _weighted(small.ownership, large.ownership, inputs=value)

    def _draw(self, smaller: int, larger: int) -> Channels:
        if smaller == larger == 0:
            return Channels(np.zeros(0, np.int64), np.zeros(0))
        return draw(smaller, larger, self._rng)


def _auxiliary(
    small: auxiliary.AuxiliaryHeads | None, large: auxiliary.AuxiliaryHeads | None, trunk: Channels
) -> None:
    if small is None or large is None:
        return
    for name, groups in (("maps", 1), ("passes", 1), ("hidden", 2)):
        layer = getattr(small, name)
        if layer is not None:
            _weighted(layer, getattr(large, name), inputs=trunk.times(groups))
    if small.scalars is not None and large.scalars is not None:
        _weighted(small.scalars, large.scalars)


def _normed(
    small: resnet.NormedConvolution,
    large: resnet.NormedConvolution,
    *,
    inputs: Channels | None = None,
    outputs: Channels | None = None,
) -> None:
    _weighted(small.convolution, large.convolution, inputs=inputs, outputs=outputs)
    for name in ("weight", "bias", "running_mean", "running_var"):
        source = getattr(small.norm, name)
        getattr(large.norm, name).copy_(source if outputs is None else source[_index(outputs)])


def _weighted(
    small: nn.Conv2d | nn.Linear,
    large: nn.Conv2d | nn.Linear,
    *,
    inputs: Channels | None = None,
    outputs: Channels | None = None,
) -> None:
    """Copies weights [O, I, ...] and biases [O]. None stands for ends that both networks have alike."""
    weight = small.weight
    if outputs is not None:
        weight = weight[_index(outputs)]
    if inputs is not None:
        shares = torch.tensor(inputs.shares, dtype=weight.dtype, device=weight.device)
        weight = weight[:, _index(inputs)] * shares.reshape(1, -1, *[1] * (weight.dim() - 2))
    large.weight.copy_(weight)
    if small.bias is not None:
        assert large.bias is not None
        large.bias.copy_(small.bias if outputs is None else small.bias[_index(outputs)])


def _index(channels: Channels) -> torch.Tensor:
    return torch.tensor(channels.sources)
