"""KataGo's networks for inference on boards of one size.

- Norms are merged into the layer before them if nothing else reads it.
- Means that are scaled by the board's size are merged into the layers that read them.
- A trunk that `rectified` has written is computed as it was trained.
"""

from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.net import description
from alphazero.net.katago import layer_merging, model, model_facts, rectified, trunk_description

Tensor = TypeVar("Tensor")
_NUM_OUTCOMES = 3
_LEAD = 2
"""Index of the lead among the scores."""


class HeadForm(NamedTuple):
    """Widths of the policy's bias and of the pass's layer, and activations."""

    policy: int
    to_pass: int
    pooled_activation: model.Activation
    policy_activation: model.Activation
    pass_activation: model.Activation
    value_activation: model.Activation
    hidden_activation: model.Activation
    has_last_pass: bool


class NetworkForm(NamedTuple):
    """What a network's function depends on."""

    trunk: trunk_description.TrunkForm
    heads: HeadForm


def describe(weights: model.Model, size: int) -> description.Description:
    """Describes a network for boards of `size`."""
    trunk, layers = rectified.detect(weights), dict[str, description.Layer]()
    if trunk is None:
        trunk_shape = trunk_description.add(layers, weights, size)
    else:
        trunk_shape = trunk_description.add_rectified(layers, trunk, size)
    shape = NetworkForm(trunk_shape, _add_heads(layers, weights, size))
    return description.Description(
        name=f"kata-b{len(trunk_shape.blocks)}c{weights.filters}",
        size=size,
        family=model_facts.family_of(weights),
        layers=layers,
        compute=partial(_compute, shape),
        structure=shape,
        reader=partial(_reader, weights.multipliers.lead),
        rescalings=tuple(trunk_description.rescalings(trunk_shape)),
    )


def _compute(
    shape: NetworkForm, ops: description.Operations[Tensor], planes: Tensor, globals: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits [B, A], outcome and scores [B, 3 + S], owners before tanh [B, P]."""
    activate, sizes = layer_merging.activate, shape.heads
    x = trunk_description.compute(ops, shape.trunk, planes, globals)
    points, pooled, value = (ops.convolve(x, name) for name in trunk_description.HEADS)
    pooled = activate(ops, pooled, sizes.pooled_activation)
    vector = ops.connect(ops.join([ops.mean(pooled), ops.maximum(pooled)]), "policy pooling")
    points = ops.add_vector(points, ops.channels(vector, 0, sizes.policy))
    points = ops.convolve(activate(ops, points, sizes.policy_activation), "policy")
    passes = ops.channels(vector, sizes.policy, sizes.policy + sizes.to_pass)
    passes = activate(ops, passes, sizes.pass_activation)
    if sizes.has_last_pass:
        passes = ops.connect(passes, "last pass")
    value = activate(ops, value, sizes.value_activation)
    hidden = activate(ops, ops.connect(ops.mean(value), "value hidden"), sizes.hidden_activation)
    logits = ops.join([ops.flatten(points), passes])
    return logits, ops.connect(hidden, "outcome and scores"), ops.flatten(ops.convolve(value, "ownership"))


def _reader(lead: float, inputs: evaluators.Inputs) -> description.Reader:
    """lead: points for a lead of 1."""

    def read(raw: description.RawOutputs) -> evaluators.Outputs:
        logits, numbers, ownership = raw
        outcome = numbers[:, :_NUM_OUTCOMES]
        odds = np.exp(outcome - outcome.max(axis=1, keepdims=True))
        values = (odds[:, 0] - odds[:, 1]) / odds.sum(axis=1)
        return evaluators.Outputs(
            logits, values, np.tanh(ownership), lead * numbers[:, _NUM_OUTCOMES + _LEAD]
        )

    return read


def _add_heads(layers: dict[str, description.Layer], weights: model.Model, size: int) -> HeadForm:
    policy, value = weights.policy, weights.value
    layers["policy points"] = layer_merging.normed(policy.points, policy.norm)
    layers["policy pooled"] = layer_merging.normed(policy.pooled, policy.pooled_norm)
    layers["value features"] = layer_merging.normed(value.features, value.norm)
    # Of two policies, the first is the one without optimism.
    first, to_pass, last_pass = policy.last.kernel[:1], policy.to_pass, policy.last_pass
    if last_pass is None:
        to_pass = model.Dense(to_pass.weight[:1], to_pass.bias[:1])
    else:
        layers["last pass"] = description.DenseLayer(last_pass.weight[:1], last_pass.bias[:1])
    layers["policy pooling"] = layer_merging.on_top(
        [
            layer_merging.of_pooled(policy.to_bias, size, policy.norm.scale),
            layer_merging.of_pooled(to_pass, size),
        ]
    )
    layers["policy"] = layer_merging.plain(model.Convolution(first), is_float=True)
    layers["value hidden"] = layer_merging.of_means(value.hidden, size)
    layers["outcome and scores"] = layer_merging.on_top([value.outcome, value.scores])
    layers["ownership"] = layer_merging.plain(value.ownership, is_float=True)
    return HeadForm(
        policy=len(policy.points.kernel),
        to_pass=len(to_pass.bias),
        pooled_activation=policy.pooled_norm.activation,
        policy_activation=policy.norm.activation,
        pass_activation=policy.pass_activation if last_pass is not None else model.Activation.identity,
        value_activation=value.norm.activation,
        hidden_activation=value.hidden_activation,
        has_last_pass=last_pass is not None,
    )
