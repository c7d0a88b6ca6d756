"""Optimizers by the names of the configuration."""

import torch
from torch import nn

from alphazero.config import training as training_config


def make(config: training_config.OptimizerConfig, module: nn.Module) -> torch.optim.Optimizer:
    """An optimizer of the module's parameters.

    Only kernels and matrices decay: a decayed batch norm would shrink what the next layer scales up again.
    """
    parameters = list(module.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    if config.name is training_config.OptimizerName.adamw:
        return torch.optim.AdamW(groups, lr=config.rate, betas=(config.momentum, 0.999), fused=True)
    return torch.optim.SGD(
        groups, lr=config.rate, momentum=config.momentum, nesterov=config.momentum > 0, fused=True
    )


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Sets the learning rate of all parameters."""
    for group in optimizer.param_groups:
        group["lr"] = rate
