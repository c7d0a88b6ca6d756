"""Leela Zero's residual network as a torch module, with auxiliary heads for training."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from alphazero.config import net as net_config
from alphazero.net import auxiliary, leela

# B batch, C channels, H height, W width, P points, A actions, O output channels
_POLICY_START = 0.5
"""Initial weight: a point's logit is this times the difference of the policy head's two planes."""
_ALMOST_ZERO = 1e-3
"""Initial value of weights that should be near zero but must let gradients pass."""


class NetOutputs(NamedTuple):
    """The network's answers for B positions, from the perspective of the player to move."""

    policy_logits: torch.Tensor  # [B, A] float32
    value_logit: torch.Tensor  # [B] float32; the value is its tanh
    auxiliary: dict[str, torch.Tensor]  # [B, ...] float32 answers of the auxiliary heads by name


class NormedConvolution(nn.Module):
    """A convolution without bias, then batch norm. Leela Zero's format can express both."""

    def __init__(self, inputs: int, outputs: int, side: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=leela.BATCH_NORM_EPS)

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """[B, O, H, W], before any activation."""
        return self.norm(self.convolution(x_BCHW))

    def export(self) -> leela.ConvolutionWithNorm:
        """Multiplies gamma into kernel and mean, which is right for either sign; beta becomes the bias."""
        gamma, beta = _numpy64(self.norm.weight), _numpy64(self.norm.bias)
        mean, variance = _numpy64(self.norm.running_mean), _numpy64(self.norm.running_var)
        kernel = _numpy64(self.convolution.weight) * gamma[:, None, None, None]
        bias = beta * np.sqrt(variance + leela.BATCH_NORM_EPS)
        return leela.ConvolutionWithNorm(
            *(part.astype(np.float32) for part in (kernel, bias, gamma * mean, variance))
        )

    def load(self, weights: leela.ConvolutionWithNorm) -> None:
        """Copies a layer of a file; gamma becomes 1."""
        deviation = np.sqrt(weights.variance.astype(np.float64) + leela.BATCH_NORM_EPS)
        _fill(self.convolution.weight, weights.kernel)
        _fill(self.norm.weight, np.ones_like(weights.bias))
        _fill(self.norm.bias, weights.bias / deviation)
        _fill(self.norm.running_mean, weights.mean)
        _fill(self.norm.running_var, weights.variance)


class ResidualBlock(nn.Module):
    """Two convolutions, and a shortcut that adds the input."""

    def __init__(self, filters: int) -> None:
        super().__init__()
        self.first = NormedConvolution(filters, filters, 3)
        self.second = NormedConvolution(filters, filters, 3)

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """[B, C, H, W], after the activation."""
        return functional.relu(self.second(functional.relu(self.first(x_BCHW))) + x_BCHW)


class ResNet(nn.Module):
    """AlphaGo Zero's network, in the form that Leela Zero's files can hold."""

    num_planes, num_globals = leela.NUM_PLANES, 0

    def __init__(
        self,
        size: int,
        config: net_config.NetConfig,
        generator: torch.Generator | None = None,
        heads: Sequence[auxiliary.HeadSpec] = (),
    ) -> None:
        """Draws the initial weights from `generator`, or from torch's global one.

        heads: auxiliary heads; `training.trainable.make_network` gives those that `config` enables.
        """
        super().__init__()
        points = size * size
        self.size = size
        self.input = NormedConvolution(leela.NUM_PLANES, config.filters, 3)
        self.blocks = nn.ModuleList(ResidualBlock(config.filters) for _ in range(config.blocks))
        self.policy_convolution = NormedConvolution(config.filters, leela.POLICY_PLANES, 1)
        self.policy = nn.Linear(leela.POLICY_PLANES * points, points + 1)
        self.value_convolution = NormedConvolution(config.filters, leela.VALUE_PLANES, 1)
        self.value_hidden = nn.Linear(points, leela.VALUE_HIDDEN)
        self.value = nn.Linear(leela.VALUE_HIDDEN, 1)
        self.auxiliary = auxiliary.AuxiliaryHeads(config.filters, heads) if heads else None
        self._start(config.heads, generator)

    def forward(self, planes_BCHW: torch.Tensor, globals_BG: torch.Tensor | None = None) -> NetOutputs:
        """planes: [B, 18, N, N] of zeros and ones, any float type. globals: ignored, for G = 0."""
        x_BCHW = functional.relu(self.input(planes_BCHW))
        for block in self.blocks:
            x_BCHW = block(x_BCHW)
        policy_BCHW = functional.relu(self.policy_convolution(x_BCHW))
        value_BCHW = functional.relu(self.value_convolution(x_BCHW))
        value_BO = self.value(functional.relu(self.value_hidden(value_BCHW.flatten(1))))
        return NetOutputs(
            policy_logits=self.policy(policy_BCHW.flatten(1)).float(),
            value_logit=value_BO[:, 0].float(),
            auxiliary={} if self.auxiliary is None else self.auxiliary(x_BCHW),
        )

    def export(self) -> leela.Weights:
        """Returns the weights without the auxiliary heads."""
        convolutions = [self.input]
        for block in self.blocks:
            assert isinstance(block, ResidualBlock)
            convolutions += [block.first, block.second]
        return leela.Weights(
            version=leela.SIDE_TO_MOVE,
            tower=tuple(convolution.export() for convolution in convolutions),
            policy_convolution=self.policy_convolution.export(),
            policy=_export_dense(self.policy),
            value_convolution=self.value_convolution.export(),
            value_hidden=_export_dense(self.value_hidden),
            value=_export_dense(self.value),
        )

    def load_weights(self, weights: leela.Weights) -> None:
        """Copies the weights of a network of the same shape; auxiliary heads keep theirs.

        Raises ValueError if the board size, the shape or the version does not fit.
        """
        own, other = (f"b{len(self.blocks)}c{self.value_convolution.convolution.in_channels}", weights.name)
        if (self.size, own) != (weights.size, other):
            raise ValueError(
                f"weights are {other} for {weights.size}x{weights.size}; "
                f"the network is {own} for {self.size}x{self.size}"
            )
        if weights.version != leela.SIDE_TO_MOVE:
            raise ValueError("weights of version 2 hold Black's value and cannot be trained further")
        self.input.load(weights.tower[0])
        for index, block in enumerate(self.blocks):
            assert isinstance(block, ResidualBlock)
            block.first.load(weights.tower[2 * index + 1])
            block.second.load(weights.tower[2 * index + 2])
        self.policy_convolution.load(weights.policy_convolution)
        self.value_convolution.load(weights.value_convolution)
        for layer, dense in (
            (self.policy, weights.policy),
            (self.value_hidden, weights.value_hidden),
            (self.value, weights.value),
        ):
            _fill(layer.weight, dense.weight)
            _fill(layer.bias, dense.bias)

    @torch.no_grad()
    def _start(self, heads: net_config.HeadInit, generator: torch.Generator | None) -> None:
        """Draws weights as in He et al. 2015, for ReLUs. First answers are nearly uniform and even."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.value.weight, std=0.2 / math.sqrt(leela.VALUE_HIDDEN), generator=generator)
        if self.auxiliary is not None:
            self.auxiliary.start()
        if heads is net_config.HeadInit.convolution:
            self._start_policy_as_convolution()
            self._start_value_as_pooling(generator)

    def _start_policy_as_convolution(self) -> None:
        """Makes each point's logit depend on its own two features only, and the pass's on the mean of all.

        Training keeps this: weights between different points get no gradient. Without that restriction they
        only fit noise (policy KL 1.095 instead of 1.082 after 600 steps on the same games).
        """
        points = self.size * self.size
        identity = _POLICY_START * torch.eye(points)
        self.policy.weight[:points].copy_(torch.cat([identity, -identity], dim=1))
        self.policy.weight[points].fill_(_ALMOST_ZERO / points)
        is_own = (self.policy.weight != 0).float()
        self.policy.weight.register_hook(lambda gradient: gradient * is_own.to(gradient.device))

    def _start_value_as_pooling(self, generator: torch.Generator | None) -> None:
        """Makes hidden units average the value plane over the board or near a random point, with either sign.

        Their thresholds cover the range of a rectified normal feature's average. Therefore the units
        together bend in the range in which the plane's mean tells who is ahead.
        """
        points, hidden = self.size * self.size, leela.VALUE_HIDDEN
        index = torch.arange(points)
        places = torch.stack([index // self.size, index % self.size], dim=1).float()
        centers = places[torch.randint(points, (hidden,), generator=generator)]
        widths = self.size * (0.15 + torch.rand(hidden, 1, generator=generator))
        widths[: hidden // 4] = 100.0 * self.size  # the whole board
        near = torch.exp(-0.5 * (torch.cdist(centers, places) / widths) ** 2)
        signs = torch.tensor([1.0, -1.0]).repeat(hidden // 2)
        thresholds = 0.8 * torch.rand(hidden, generator=generator)
        self.value_hidden.weight.copy_(signs[:, None] * near / near.sum(dim=1, keepdim=True))
        self.value_hidden.bias.copy_(-signs * thresholds)


def _export_dense(layer: nn.Linear) -> leela.Dense:
    return leela.Dense(_numpy64(layer.weight).astype(np.float32), _numpy64(layer.bias).astype(np.float32))


def _numpy64(tensor: torch.Tensor | None) -> np.ndarray:
    assert tensor is not None
    return tensor.detach().cpu().double().numpy()


def _fill(target: torch.Tensor | None, source: np.ndarray) -> None:
    assert target is not None
    with torch.no_grad():
        target.copy_(torch.tensor(source))
