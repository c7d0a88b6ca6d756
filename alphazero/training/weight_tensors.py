"""Networks as parts of a checkpoint: nested dicts and lists of tensors and plain Python."""

from enum import Enum
from typing import Any

import numpy as np
import torch

from alphazero.net import leela
from alphazero.net import weights as network_weights
from alphazero.net.katago import model

_KIND = "kind"
_PARTS = {
    kind.__name__: kind
    for kind in (
        model.Convolution,
        model.Dense,
        model.Norm,
        model.OrdinaryBlock,
        model.PoolingBlock,
        model.NestedBlock,
        model.PolicyHead,
        model.ValueHead,
        model.Multipliers,
        model.Model,
    )
}


def tensors_of(weights: network_weights.Weights) -> dict[str, Any]:
    """A network as a part of a state; the tensors share the memory of its arrays."""
    return _katago_tensors(weights) if isinstance(weights, model.Model) else _leela_tensors(weights)


def weights_of(tensors: dict[str, Any]) -> network_weights.Weights:
    """The network that `tensors_of` returned as tensors."""
    return _katago_part(tensors) if _KIND in tensors else _leela_weights(tensors)


def _leela_tensors(weights: leela.Weights) -> dict[str, Any]:
    layers = {
        "tower": [layer for convolution in weights.tower for layer in convolution],
        "policy_convolution": weights.policy_convolution,
        "policy": weights.policy,
        "value_convolution": weights.value_convolution,
        "value_hidden": weights.value_hidden,
        "value": weights.value,
    }
    tensors = {name: [torch.from_numpy(array) for array in layer] for name, layer in layers.items()}
    return {"version": weights.version, **tensors}


def _leela_weights(tensors: dict[str, Any]) -> leela.Weights:
    arrays = {name: [tensor.numpy() for tensor in tensors[name]] for name in tensors if name != "version"}
    tower, width = arrays["tower"], len(leela.ConvolutionWithNorm._fields)
    return leela.Weights(
        version=tensors["version"],
        tower=tuple(leela.ConvolutionWithNorm(*tower[at : at + width]) for at in range(0, len(tower), width)),
        policy_convolution=leela.ConvolutionWithNorm(*arrays["policy_convolution"]),
        policy=leela.Dense(*arrays["policy"]),
        value_convolution=leela.ConvolutionWithNorm(*arrays["value_convolution"]),
        value_hidden=leela.Dense(*arrays["value_hidden"]),
        value=leela.Dense(*arrays["value"]),
    )


def _katago_tensors(part: Any) -> Any:
    """A part of a `model.Model`: a class as a dict with its name and fields, an activation as its name."""
    if isinstance(part, np.ndarray):
        return torch.from_numpy(part)
    if isinstance(part, Enum):
        return part.name
    kind = type(part).__name__
    if kind in _PARTS:
        names = _field_names(kind)
        return {_KIND: kind, **{name: _katago_tensors(getattr(part, name)) for name in names}}
    return [_katago_tensors(each) for each in part] if isinstance(part, tuple) else part


def _katago_part(tensors: Any, name: str = "") -> Any:
    """The inverse of `_katago_tensors`. name: of the field, which tells an activation from a label."""
    if isinstance(tensors, torch.Tensor):
        return tensors.numpy()
    if isinstance(tensors, dict):
        kind = tensors[_KIND]
        return _PARTS[kind](**{field: _katago_part(tensors[field], field) for field in _field_names(kind)})
    if isinstance(tensors, list):
        return tuple(map(_katago_part, tensors))
    return model.Activation[tensors] if name.endswith("activation") else tensors


def _field_names(kind: str) -> tuple[str, ...]:
    return tuple(_PARTS[kind].__annotations__)
