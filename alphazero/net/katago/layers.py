"""Layers of KataGo's family in torch, and their parts as arrays.

Norms follow convolutions, so that a file's kernel and norm are one `resnet.NormedConvolution` here. KataGo
adds pooled features as a bias before a norm; here the norm comes first, and its factor is a part of the bias.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from alphazero.net import leela, resnet
from alphazero.net.katago import model, network_shape, rectified

# B batch, C channels of the trunk, R regular channels, G pooled channels, H height, W width
_TO_BIAS_SCALE = 0.2
"""Factor on He et al.'s weights from pooled features to biases: maxima are larger than He's inputs."""


def activate(activation: model.Activation, x: torch.Tensor) -> torch.Tensor:
    """Applies the activation function."""
    return functional.mish(x) if activation is model.Activation.mish else functional.relu(x)


def pool(x_BGHW: torch.Tensor) -> torch.Tensor:
    """[B, 3 * G] means, means scaled by the board's side, and maxima."""
    means_BG = x_BGHW.mean(dim=(2, 3))
    return torch.cat([means_BG, _side_term(x_BGHW) * means_BG, x_BGHW.amax(dim=(2, 3))], dim=1)


def pool_for_value(x_BGHW: torch.Tensor) -> torch.Tensor:
    """[B, 3 * G] means, and means scaled in two ways by the board's side."""
    means_BG, side = x_BGHW.mean(dim=(2, 3)), _side_term(x_BGHW)
    return torch.cat([means_BG, side * means_BG, (side * side - 0.1) * means_BG], dim=1)


class PooledConvolution(nn.Module):
    """A convolution to R regular and G pooled channels, whose pools add a bias to the regular ones."""

    def __init__(self, inputs: int, shape: network_shape.BlockShape, activation: model.Activation) -> None:
        super().__init__()
        self.parts = [shape.regular, shape.pooled]
        """R and G."""
        self._activation = activation
        self.convolution = resnet.NormedConvolution(inputs, sum(self.parts), shape.first_side)
        self.to_bias = nn.Linear(3 * shape.pooled, shape.regular, bias=False) if shape.pooled else None

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """[B, R, H, W], after the activation."""
        y_BCHW = self.convolution(x_BCHW)
        if self.to_bias is None:
            return activate(self._activation, y_BCHW)
        regular_BRHW, pooled_BGHW = y_BCHW.split(self.parts, dim=1)
        bias_BR = self.to_bias(pool(activate(self._activation, pooled_BGHW)))
        return activate(self._activation, regular_BRHW + bias_BR[:, :, None, None])

    def export(self) -> tuple[model.Convolution, rectified.Pooling | None, model.Norm]:
        """The first convolution of a block, its pooling, and the norm after both."""
        regular, (kernel, bias) = self.parts[0], fold(self.convolution)
        first, middle = model.Convolution(kernel[:regular]), bias_norm(bias[:regular], self._activation)
        if self.to_bias is None:
            return first, None, middle
        pooled = model.Convolution(kernel[regular:])
        pooled_norm = bias_norm(bias[regular:], self._activation)
        return first, rectified.Pooling(pooled, pooled_norm, dense_of(self.to_bias)), middle

    def load(self, first: model.Convolution, pooling: rectified.Pooling | None, middle: model.Norm) -> None:
        """Copies what `export` returns, or the same parts of a file."""
        if pooling is None:
            load_normed(self.convolution, [(first, middle)])
            return
        assert self.to_bias is not None
        load_normed(self.convolution, [(first, middle), (pooling.pooled, pooling.pooled_norm)])
        fill(self.to_bias.weight, middle.scale[:, None] * pooling.to_bias.weight)

    @torch.no_grad()
    def start(self) -> None:
        """Scales down the initial weights of the bias."""
        if self.to_bias is not None:
            self.to_bias.weight.mul_(_TO_BIAS_SCALE)


class PostBlock(nn.Module):
    """A residual block of x >= 0 with a ReLU after the sum."""

    def __init__(self, filters: int, shape: network_shape.BlockShape) -> None:
        """filters: C."""
        super().__init__()
        self.first = PooledConvolution(filters, shape, model.Activation.relu)
        self.second = resnet.NormedConvolution(shape.regular, filters, shape.last_side)

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """[B, C, H, W], not negative."""
        return functional.relu(self.second(self.first(x_BCHW)) + x_BCHW)

    def export(self) -> rectified.RectifiedBlock:
        """The block with its norms folded."""
        first, pooling, middle = self.first.export()
        kernel, bias = fold(self.second)
        return rectified.RectifiedBlock(first, pooling, middle, model.Convolution(kernel), bias)

    def load(self, block: rectified.RectifiedBlock) -> None:
        """Copies a block of the same shape."""
        self.first.load(block.first, block.pooling, block.middle)
        load_normed(self.second, [(block.last, bias_norm(block.bias, model.Activation.relu))])


class PreBlock(nn.Module):
    """A residual block that starts with a norm and an activation, as in KataGo's networks."""

    def __init__(self, filters: int, shape: network_shape.BlockShape, activation: model.Activation) -> None:
        """filters: C."""
        super().__init__()
        self._activation = activation
        self.norm = nn.BatchNorm2d(filters, eps=leela.BATCH_NORM_EPS)
        self.first = PooledConvolution(filters, shape, activation)
        self.last = make_convolution(shape.regular, filters, shape.last_side)

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """[B, C, H, W], before the next norm."""
        return self.last(self.first(activate(self._activation, self.norm(x_BCHW)))) + x_BCHW

    def export(self) -> model.OrdinaryBlock | model.PoolingBlock:
        """The block, with the norms after convolutions folded into these."""
        first, pooling, middle = self.first.export()
        norm, last = norm_of(self.norm, self._activation), convolution_of(self.last)
        if pooling is None:
            return model.OrdinaryBlock(norm, first, middle, last)
        return model.PoolingBlock(norm, first, *pooling, middle, last)

    def load(self, block: model.Block) -> None:
        """Copies a block of the same shape."""
        assert isinstance(block, model.OrdinaryBlock | model.PoolingBlock)
        pooling = None
        if isinstance(block, model.PoolingBlock):
            pooling = rectified.Pooling(block.pooled, block.pooled_norm, block.to_bias)
        load_norm(self.norm, [block.norm])
        self.first.load(block.first, pooling, block.middle)
        fill(self.last.weight, block.last.kernel)


class NestedPreBlock(nn.Module):
    """A bottleneck with residual blocks inside."""

    def __init__(self, filters: int, shape: network_shape.NestedShape, activation: model.Activation) -> None:
        """filters: C."""
        super().__init__()
        self._activation = activation
        self.norm = nn.BatchNorm2d(filters, eps=leela.BATCH_NORM_EPS)
        self.first = make_convolution(filters, shape.channels, shape.first_side)
        self.blocks = nn.ModuleList(PreBlock(shape.channels, inner, activation) for inner in shape.blocks)
        self.last_norm = nn.BatchNorm2d(shape.channels, eps=leela.BATCH_NORM_EPS)
        self.last = make_convolution(shape.channels, filters, shape.last_side)

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """[B, C, H, W], before the next norm."""
        y_BCHW = self.first(activate(self._activation, self.norm(x_BCHW)))
        for block in self.blocks:
            y_BCHW = block(y_BCHW)
        return self.last(activate(self._activation, self.last_norm(y_BCHW))) + x_BCHW

    def export(self) -> model.NestedBlock:
        """The block, with the norms after convolutions folded into these."""
        inner = [block.export() for block in self.blocks if isinstance(block, PreBlock)]
        return model.NestedBlock(
            norm=norm_of(self.norm, self._activation),
            first=convolution_of(self.first),
            blocks=tuple(inner),
            last_norm=norm_of(self.last_norm, self._activation),
            last=convolution_of(self.last),
        )

    def load(self, block: model.Block) -> None:
        """Copies a block of the same shape."""
        assert isinstance(block, model.NestedBlock)
        load_norm(self.norm, [block.norm])
        fill(self.first.weight, block.first.kernel)
        for own, inner in zip(self.blocks, block.blocks, strict=True):
            assert isinstance(own, PreBlock)
            own.load(inner)
        load_norm(self.last_norm, [block.last_norm])
        fill(self.last.weight, block.last.kernel)


def make_convolution(inputs: int, outputs: int, side: int) -> nn.Conv2d:
    """A convolution with zero padding, without bias."""
    return nn.Conv2d(inputs, outputs, side, padding=side // 2, bias=False)


def fold(layer: resnet.NormedConvolution) -> tuple[np.ndarray, np.ndarray]:
    """Kernel [O, I, K, K] and bias [O] with the norm in them.

    They are computed in float64, so that the only error is the rounding of the result to float32.
    """
    scale, bias = _scale_and_bias(layer.norm)
    kernel = _numpy64(layer.convolution.weight) * scale[:, None, None, None]
    return kernel.astype(np.float32), bias.astype(np.float32)


def norm_of(norm: nn.BatchNorm2d, activation: model.Activation) -> model.Norm:
    """The norm with its running statistics."""
    scale, bias = _scale_and_bias(norm)
    return model.Norm(scale.astype(np.float32), bias.astype(np.float32), activation)


def bias_norm(bias: np.ndarray, activation: model.Activation) -> model.Norm:
    """A norm that adds a bias and does nothing else."""
    return model.Norm(np.ones_like(bias), bias, activation)


def convolution_of(layer: nn.Conv2d) -> model.Convolution:
    """The kernel as an array of its own."""
    return model.Convolution(_numpy64(layer.weight).astype(np.float32))


def dense_of(layer: nn.Linear) -> model.Dense:
    """Weight and bias as arrays of their own; zeros for a layer without bias."""
    weight = _numpy64(layer.weight).astype(np.float32)
    bias = np.zeros(len(weight)) if layer.bias is None else _numpy64(layer.bias)
    return model.Dense(weight, bias.astype(np.float32))


def load_normed(layer: resnet.NormedConvolution, parts: list[tuple[model.Convolution, model.Norm]]) -> None:
    """Copies parallel convolutions and their norms into one layer."""
    fill(layer.convolution.weight, np.concatenate([convolution.kernel for convolution, _ in parts]))
    load_norm(layer.norm, [norm for _, norm in parts])


def load_norm(norm: nn.BatchNorm2d, parts: list[model.Norm]) -> None:
    """Copies norms of adjacent channels. The running statistics become those of a norm that does nothing."""
    fill(norm.weight, np.concatenate([part.scale for part in parts]))
    fill(norm.bias, np.concatenate([part.bias for part in parts]))
    assert norm.running_mean is not None and norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)


def fill(target: torch.Tensor, source: np.ndarray) -> None:
    """Copies an array into a parameter."""
    with torch.no_grad():
        target.copy_(torch.tensor(source))


def _side_term(x_BGHW: torch.Tensor) -> float:
    return (x_BGHW.shape[2] - 14.0) / 10.0


def _scale_and_bias(norm: nn.BatchNorm2d) -> tuple[np.ndarray, np.ndarray]:
    assert norm.running_mean is not None and norm.running_var is not None
    scale = _numpy64(norm.weight) / np.sqrt(_numpy64(norm.running_var) + norm.eps)
    return scale, _numpy64(norm.bias) - _numpy64(norm.running_mean) * scale


def _numpy64(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()
