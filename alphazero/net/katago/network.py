"""KataGo's residual network as a torch module, with auxiliary heads for training."""

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional

from alphazero.config import net as net_config
from alphazero.net import auxiliary, leela, resnet
from alphazero.net.katago import layers, model, network_heads, network_shape, rectified

# B batch, C channels of the trunk, H height, W width, G global inputs
_PRE_BLOCKS = (layers.PreBlock, layers.NestedPreBlock)


class KataNet(nn.Module):
    """A network of KataGo's family, whose answers its file gives exactly. It plays on every board size."""

    num_planes, num_globals = model.NUM_PLANES, model.NUM_GLOBALS

    def __init__(
        self,
        config: net_config.NetConfig,
        generator: torch.Generator | None = None,
        heads: Sequence[auxiliary.HeadSpec] = (),
        start: model.Model | None = None,
    ) -> None:
        """Draws the initial weights from `generator`, or from torch's global one.

        heads: those that no file holds; `training.trainable.make_network` gives those that `config` enables.
        start: a network whose channel numbers to take; `load_weights` copies its weights. Raises ValueError
        with one line if it does not fit `config`.
        """
        super().__init__()
        shape = network_shape.of_config(config) if start is None else network_shape.of_model(start, config)
        self.shape = shape
        self._config = config
        filters, is_post = shape.filters, shape.trunk is net_config.Trunk.post
        self.input = (
            resnet.NormedConvolution(self.num_planes, filters, shape.input_side)
            if is_post
            else layers.make_convolution(self.num_planes, filters, shape.input_side)
        )
        self.globals = nn.Linear(self.num_globals, filters, bias=False)
        self.blocks = nn.ModuleList(_make_block(shape, block) for block in shape.blocks)
        self.tip = None if is_post else nn.BatchNorm2d(filters, eps=leela.BATCH_NORM_EPS)
        self.heads = network_heads.PolicyAndValue(filters, shape.heads, shape.activation)
        self.auxiliary = auxiliary.AuxiliaryHeads(filters, heads) if heads else None
        self._start(generator)

    def forward(self, planes_BCHW: torch.Tensor, globals_BG: torch.Tensor) -> resnet.NetOutputs:
        """planes: [B, 22, N, N] of zeros and ones. globals: [B, 19]. Any float type."""
        x_BCHW = self.input(planes_BCHW) + self.globals(globals_BG)[:, :, None, None]
        if self.tip is None:
            x_BCHW = functional.relu(x_BCHW)
        for block in self.blocks:
            x_BCHW = block(x_BCHW)
        if self.tip is not None:
            x_BCHW = layers.activate(self.shape.activation, self.tip(x_BCHW))
        outputs = self.heads(x_BCHW, self.shape.traits.multipliers)
        if self.auxiliary is None:
            return outputs
        return resnet.NetOutputs(
            outputs.policy_logits,
            outputs.value_logit,
            {**outputs.auxiliary, **self.auxiliary(x_BCHW)},
        )

    @property
    def is_fast(self) -> bool:
        """Whether the network never reads ladders and areas."""
        return self._config.inputs is net_config.InputSet.fast

    def export(self) -> model.Model:
        """Returns the weights without the heads that no file holds."""
        heads = self.heads.export(self.shape.traits)
        if self.tip is None:
            return rectified.to_model(self._export_trunk(), heads, self.shape.name)
        assert isinstance(self.input, nn.Conv2d)
        traits = self.shape.traits
        return model.Model(
            label=self.shape.name,
            version=traits.version,
            multipliers=traits.multipliers,
            suicide_area=traits.suicide_area,
            input_convolution=layers.convolution_of(self.input),
            input_globals=layers.dense_of(self.globals),
            blocks=tuple(block.export() for block in self.blocks if isinstance(block, _PRE_BLOCKS)),
            tip=layers.norm_of(self.tip, self.shape.activation),
            policy=heads.policy,
            value=heads.value,
        )

    def load_weights(self, weights: model.Model) -> None:
        """Copies a network of the same shape; heads that no file holds keep their weights.

        Its norms get statistics that fit the file and no data; `training.batch_norms.adapt` changes that.
        Raises ValueError if the shape does not fit.
        """
        if network_shape.of_model(weights, self._config)._replace(traits=self.shape.traits) != self.shape:
            raise ValueError("weights have other channel numbers than the network")
        layers.fill(self.globals.weight, weights.input_globals.weight)
        self.heads.load(weights.policy, weights.value)
        trunk = rectified.detect(weights)
        if trunk is not None:
            self._load_trunk(trunk)
            return
        assert isinstance(self.input, nn.Conv2d) and self.tip is not None
        layers.fill(self.input.weight, weights.input_convolution.kernel)
        for own, block in zip(self.blocks, weights.blocks, strict=True):
            assert isinstance(own, _PRE_BLOCKS)
            own.load(block)
        layers.load_norm(self.tip, [weights.tip])

    def _export_trunk(self) -> rectified.RectifiedTrunk:
        assert isinstance(self.input, resnet.NormedConvolution)
        kernel, bias = layers.fold(self.input)
        return rectified.RectifiedTrunk(
            input_convolution=model.Convolution(kernel),
            input_globals=layers.dense_of(self.globals),
            bias=bias,
            blocks=tuple(block.export() for block in self.blocks if isinstance(block, layers.PostBlock)),
        )

    def _load_trunk(self, trunk: rectified.RectifiedTrunk) -> None:
        assert isinstance(self.input, resnet.NormedConvolution)
        norm = layers.bias_norm(trunk.bias, model.Activation.relu)
        layers.load_normed(self.input, [(trunk.input_convolution, norm)])
        for own, block in zip(self.blocks, trunk.blocks, strict=True):
            assert isinstance(own, layers.PostBlock)
            own.load(block)

    @torch.no_grad()
    def _start(self, generator: torch.Generator | None) -> None:
        """Draws weights as in He et al. 2015, for ReLUs. First answers are nearly uniform and even."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, layers.PooledConvolution):
                module.start()
        self.heads.start(generator)
        if self.auxiliary is not None:
            self.auxiliary.start()
        if self.is_fast:
            self._hold_slow_inputs()

    def _hold_slow_inputs(self) -> None:
        """Holds the kernels of ladders and areas at zero, whatever the data are."""
        layer = self.input if isinstance(self.input, nn.Conv2d) else self.input.convolution
        is_read = torch.ones(1, self.num_planes, 1, 1)
        network_shape.clear_slow_inputs(is_read.numpy())
        layer.weight.mul_(is_read)
        layer.weight.register_hook(lambda gradient: gradient * is_read.to(gradient.device))


def _make_block(
    shape: network_shape.NetworkShape, block: network_shape.BlockShape | network_shape.NestedShape
) -> nn.Module:
    if shape.trunk is net_config.Trunk.post:
        assert isinstance(block, network_shape.BlockShape)
        return layers.PostBlock(shape.filters, block)
    if isinstance(block, network_shape.NestedShape):
        return layers.NestedPreBlock(shape.filters, block, shape.activation)
    return layers.PreBlock(shape.filters, block, shape.activation)
