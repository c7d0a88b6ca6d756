"""Policy and value head of KataGo's family in torch."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from alphazero.net import resnet
from alphazero.net.katago import layers, model, network_shape, rectified

# B batch, C channels of the trunk, P policy channels, G pooled channels, V value channels, N board side
_POLICY_SCALE = 0.3
"""Factor on He et al.'s weights of the policy's last layers: the first policies are nearly uniform."""
_ALMOST_ZERO = 1e-3
"""Factor on initial weights that should be near zero but must let gradients pass."""


class PolicyAndValue(nn.Module):
    """KataGo's heads. One convolution computes the first layer of both."""

    def __init__(self, filters: int, shape: network_shape.HeadShape, activation: model.Activation) -> None:
        """filters: C."""
        super().__init__()
        self._activation, self._pass_activation = activation, shape.pass_activation
        self.parts = [shape.policy, shape.pooled, shape.value]
        """Channels of the convolution: of the policy, pooled for the policy, of the value."""
        self.convolution = resnet.NormedConvolution(filters, sum(self.parts), shape.side)
        self.to_bias = nn.Linear(3 * shape.pooled, shape.policy, bias=False)
        self.policy = layers.make_convolution(shape.policy, 1, shape.policy_side)
        has_hidden = shape.pass_hidden > 0
        self.to_pass = nn.Linear(3 * shape.pooled, shape.pass_hidden or 1, bias=has_hidden)
        self.last_pass = nn.Linear(shape.pass_hidden, 1, bias=False) if has_hidden else None
        self.hidden = nn.Linear(3 * shape.value, shape.hidden)
        self.value = nn.Linear(shape.hidden, 1)
        self.scores = nn.Linear(shape.hidden, 3)
        self.ownership = layers.make_convolution(shape.value, 1, shape.ownership_side)

    def forward(self, x_BCHW: torch.Tensor, multipliers: model.Multipliers) -> resnet.NetOutputs:
        """Answers of the exported heads. Those for owners and scores are in `auxiliary`."""
        points_BPNN, pooled_BGNN, value_BVNN = self.convolution(x_BCHW).split(self.parts, dim=1)
        pools_BG = layers.pool(self._activate(pooled_BGNN))
        bias_BP = self.to_bias(pools_BG)
        policy_B1NN = self.policy(self._activate(points_BPNN + bias_BP[:, :, None, None]))
        pass_B1 = self.to_pass(pools_BG)
        if self.last_pass is not None:
            pass_B1 = self.last_pass(layers.activate(self._pass_activation, pass_B1))
        value_BVNN = self._activate(value_BVNN)
        hidden_BH = self._activate(self.hidden(layers.pool_for_value(value_BVNN)))
        mean_B, deviation_B, lead_B = self.scores(hidden_BH).float().unbind(dim=1)
        return resnet.NetOutputs(
            policy_logits=torch.cat([policy_B1NN.flatten(1), pass_B1], dim=1).float(),
            value_logit=self.value(hidden_BH)[:, 0].float(),
            auxiliary={
                # The file's answer is tanh, the chance of a logit is a sigmoid: tanh(x) = 2 sigmoid(2 x) - 1.
                "ownership": 2 * self.ownership(value_BVNN).flatten(1).float(),
                "score": multipliers.score_mean * mean_B,
                "score_deviation": multipliers.score_deviation * functional.softplus(deviation_B),
                "lead": multipliers.lead * lead_B,
            },
        )

    def export(self, traits: network_shape.FileTraits) -> rectified.Heads:
        """Both heads with their norms folded."""
        (policy, pooled, _), (kernel, bias) = self.parts, layers.fold(self.convolution)
        kernels = np.split(kernel, [policy, policy + pooled])
        biases = np.split(bias, [policy, policy + pooled])
        points, pools, features = map(model.Convolution, kernels)
        norm, pooled_norm, value_norm = (layers.bias_norm(part, self._activation) for part in biases)
        own_pass, last_pass = layers.dense_of(self.to_pass), self.last_pass
        return rectified.Heads(
            model.PolicyHead(
                points=points,
                pooled=pools,
                pooled_norm=pooled_norm,
                to_bias=layers.dense_of(self.to_bias),
                norm=norm,
                last=model.Convolution(_repeat(layers.convolution_of(self.policy).kernel, traits)),
                to_pass=_repeat_dense(own_pass, traits) if last_pass is None else own_pass,
                pass_activation=self._pass_activation,
                last_pass=None if last_pass is None else _repeat_dense(layers.dense_of(last_pass), traits),
            ),
            model.ValueHead(
                features=features,
                norm=value_norm,
                hidden=layers.dense_of(self.hidden),
                hidden_activation=self._activation,
                outcome=_outcome(layers.dense_of(self.value), traits.no_result),
                scores=_join(layers.dense_of(self.scores), traits.other_scores),
                ownership=layers.convolution_of(self.ownership),
            ),
        )

    def load(self, policy: model.PolicyHead, value: model.ValueHead) -> None:
        """Copies heads of the same shape."""
        layers.load_normed(
            self.convolution,
            [
                (policy.points, policy.norm),
                (policy.pooled, policy.pooled_norm),
                (value.features, value.norm),
            ],
        )
        layers.fill(self.to_bias.weight, policy.norm.scale[:, None] * policy.to_bias.weight)
        layers.fill(self.policy.weight, policy.last.kernel[:1])
        if self.last_pass is None:
            layers.fill(self.to_pass.weight, policy.to_pass.weight[:1])
        else:
            assert policy.last_pass is not None
            _load_dense(self.to_pass, policy.to_pass)
            layers.fill(self.last_pass.weight, policy.last_pass.weight[:1])
        _load_dense(self.hidden, value.hidden)
        _load_dense(self.value, model.Dense(*((array[:1] - array[1:2]) / 2 for array in value.outcome)))
        _load_dense(self.scores, model.Dense(*(array[:3] for array in value.scores)))
        layers.fill(self.ownership.weight, value.ownership.kernel)

    @torch.no_grad()
    def start(self, generator: torch.Generator | None) -> None:
        """Scales initial weights so that first answers are nearly uniform, even and neutral."""
        for layer in (self.to_bias, self.policy, self.to_pass):
            layer.weight.mul_(_POLICY_SCALE)
        for layer in (self.scores, self.ownership):
            layer.weight.mul_(_ALMOST_ZERO)
        deviation = 0.2 / math.sqrt(self.value.in_features)
        nn.init.normal_(self.value.weight, std=deviation, generator=generator)

    def _activate(self, x: torch.Tensor) -> torch.Tensor:
        return layers.activate(self._activation, x)


def _outcome(value: model.Dense, no_result: model.Dense) -> model.Dense:
    """Logits x, -x and that of no result."""
    return _join(_join(value, model.Dense(-value.weight, -value.bias)), no_result)


def _join(first: model.Dense, second: model.Dense) -> model.Dense:
    """The outputs of both layers."""
    rows, columns = len(second.bias), first.weight.shape[1]
    weight = np.broadcast_to(second.weight, (rows, columns))
    return model.Dense(np.concatenate([first.weight, weight]), np.concatenate([first.bias, second.bias]))


def _repeat(array: np.ndarray, traits: network_shape.FileTraits) -> np.ndarray:
    return np.repeat(array, traits.policies, axis=0)


def _repeat_dense(dense: model.Dense, traits: network_shape.FileTraits) -> model.Dense:
    return model.Dense(_repeat(dense.weight, traits), _repeat(dense.bias, traits))


def _load_dense(layer: nn.Linear, source: model.Dense) -> None:
    layers.fill(layer.weight, source.weight)
    layers.fill(layer.bias, source.bias)
