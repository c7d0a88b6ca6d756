"""Statistics of batch norms, computed from inputs."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import nn

Inputs = tuple[torch.Tensor, ...]
"""Positional arguments of a network's forward pass."""


def statistics(module: nn.Module) -> list[torch.Tensor]:
    """Running means and variances of all batch-norm layers."""
    return [buffer for buffer in module.buffers() if buffer.is_floating_point()]


@torch.no_grad()
def refresh(module: nn.Module, batches: Iterable[Inputs]) -> None:
    """Replaces the running statistics by means over batches, as `torch.optim.swa_utils.update_bn` does."""
    norms, was_training = _norms(module), module.training
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch's word for a mean over all batches
    module.train()
    for inputs in batches:
        module(*inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    module.train(was_training)


@torch.no_grad()
def adapt(module: nn.Module, inputs: Inputs, mean_: Callable[[Sequence[torch.Tensor]], None]) -> None:
    """Sets the running statistics to those of one batch, without a change of what the module computes.

    KataGo's files hold a norm as a factor and an offset. With the statistics of the files, the module would
    compute something else as soon as training normalises by batches. mean_: averages tensors over ranks.
    """

    def set_statistics(norm: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_mean is not None and norm.running_var is not None
        x_BCHW = arguments[0].float()
        mean_C = x_BCHW.mean(dim=(0, 2, 3))
        square_C = x_BCHW.square().mean(dim=(0, 2, 3))
        mean_([mean_C, square_C])
        variance_C = (square_C - mean_C.square()).clamp(min=0)
        scale_C = norm.weight / (norm.running_var + norm.eps).sqrt()
        norm.bias.add_(scale_C * (mean_C - norm.running_mean))
        norm.weight.copy_(scale_C * (variance_C + norm.eps).sqrt())
        norm.running_mean.copy_(mean_C)
        norm.running_var.copy_(variance_C)

    hooks: list[Any] = [norm.register_forward_pre_hook(set_statistics) for norm in _norms(module)]
    was_training = module.training
    module.eval()(*inputs)
    module.train(was_training)
    for hook in hooks:
        hook.remove()


def _norms(module: nn.Module) -> list[nn.BatchNorm2d]:
    return [each for each in module.modules() if isinstance(each, nn.BatchNorm2d)]
