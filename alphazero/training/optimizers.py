"""Optimizers, selected by their names in the configuration."""

from typing import Any, Protocol

import torch
from torch import nn

from alphazero.config import optimizer as optimizer_config
from alphazero.training import muon, rso, schedules

Name = optimizer_config.OptimizerName


class Optimizer(Protocol):
    """The interface that the learner requires; torch.optim.Optimizer implements it."""

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Groups of parameters with the settings that change during training, such as lr."""
        ...

    def step(self) -> Any:
        """Takes one step along the parameters' gradients."""
        ...

    def zero_grad(self) -> None:
        """Clears the gradients."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, as tensors and plain Python."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resumes from a `state_dict`. Raises ValueError or RuntimeError if it belongs to another network."""
        ...


def make(config: optimizer_config.OptimizerConfig, module: nn.Module) -> Optimizer:
    """The configured optimizer of the module's parameters; for rso, which uses no gradients, see `rso.Rso`.

    Only kernels and matrices decay: a decayed batch norm would shrink what the next layer scales up again.
    """
    if config.name is Name.muon:
        return muon.Muon(config, module)
    assert config.name is not Name.rso
    parameters = list(module.parameters())
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    rate, epsilon, optim = config.rate, config.epsilon, torch.optim
    betas = (config.momentum, config.beta2)
    match config.name:
        case Name.sgd:
            return optim.SGD(groups, lr=rate, fused=True)
        case Name.momentum:
            return optim.SGD(groups, lr=rate, momentum=config.momentum, nesterov=True, fused=True)
        case Name.adagrad:
            return optim.Adagrad(groups, lr=rate, eps=epsilon, fused=True)
        case Name.rmsprop:  # torch has no fused version
            return optim.RMSprop(groups, lr=rate, alpha=config.beta2, eps=epsilon, momentum=config.momentum)
        case Name.adam | Name.adam_l2:
            return optim.Adam(groups, lr=rate, betas=betas, eps=epsilon, fused=True)
        case Name.adamw | Name.amsgrad:
            is_amsgrad = config.name is Name.amsgrad
            return optim.AdamW(groups, lr=rate, betas=betas, eps=epsilon, amsgrad=is_amsgrad, fused=True)


def apply(optimizer: Optimizer | rso.Rso, setting: schedules.Setting) -> None:
    """Sets the learning rate of all parameters, and the momentum of an optimizer that has one."""
    for group in optimizer.param_groups:
        group["lr"] = setting.rate
        if "momentum" in group:
            group["momentum"] = setting.momentum
        if "betas" in group:
            group["betas"] = (setting.momentum, group["betas"][1])
