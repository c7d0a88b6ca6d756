"""Muon for the tower's kernels and AdamW for all other parameters, as one optimizer.

Muon (Jordan 2024, https://kellerjordan.github.io/posts/muon/) replaces a matrix's momentum by the nearest
orthogonal matrix. torch.optim.Muon accepts matrices only, so a kernel [out, in, 3, 3] is passed to it as
[out, 9 * in], a view of the same memory. The order of the columns does not matter: a permutation is a
rotation, and orthogonalisation commutes with rotations.
"""

from typing import Any

import torch
from torch import nn

from alphazero.config import optimizer as optimizer_config


class Muon:
    """Implements `optimizers.Optimizer`. Parameters must not move in memory.

    Muon updates the kernels of the residual blocks: all that are larger than 1x1, except the first, whose
    inputs are planes and not features. AdamW updates the first kernel, heads, norms and biases. Both use the
    same learning rate, because Muon's step is scaled to the size of AdamW's
    (Liu et al. 2025, https://arxiv.org/abs/2502.16982).
    """

    def __init__(self, config: optimizer_config.OptimizerConfig, module: nn.Module) -> None:
        """Raises ValueError if the module has no kernel for Muon."""
        parameters = list(module.parameters())
        self._kernels = [p for p in parameters if p.ndim == 4 and p.shape[2] * p.shape[3] > 1][1:]
        if not self._kernels:
            raise ValueError("optimizer=muon: the network has no kernels except the first")
        self._matrices = [as_matrix(kernel) for kernel in self._kernels]
        taken = {id(kernel) for kernel in self._kernels}
        self._rest = [p for p in parameters if id(p) not in taken]
        groups = [
            {"params": [p for p in self._rest if p.ndim > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in self._rest if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self._muon = torch.optim.Muon(
            self._matrices,
            lr=config.rate,
            momentum=config.momentum,
            weight_decay=config.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        )
        betas = (config.momentum, config.beta2)
        self._adamw = torch.optim.AdamW(groups, lr=config.rate, betas=betas, eps=config.epsilon, fused=True)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """Muon's groups, then AdamW's."""
        return [*self._muon.param_groups, *self._adamw.param_groups]

    @torch.no_grad()
    def step(self) -> None:
        """Assigns each kernel's gradient to its matrix, then steps both optimizers."""
        for kernel, matrix in zip(self._kernels, self._matrices, strict=True):
            assert matrix.data_ptr() == kernel.data_ptr(), "the parameters were moved"
            matrix.grad = None if kernel.grad is None else _flatten(kernel.grad, like=kernel)
        self._muon.step()
        self._adamw.step()

    def zero_grad(self) -> None:
        """Clears the gradients of all parameters."""
        for parameter in [*self._kernels, *self._rest, *self._matrices]:
            parameter.grad = None

    def state_dict(self) -> dict[str, Any]:
        """The states of both optimizers."""
        return {"muon": self._muon.state_dict(), "adamw": self._adamw.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resumes from a `state_dict`. Raises ValueError if it belongs to another network or optimizer."""
        if state_dict.keys() != {"muon", "adamw"}:
            raise ValueError("the state belongs to another optimizer")
        self._muon.load_state_dict(state_dict["muon"])
        self._adamw.load_state_dict(state_dict["adamw"])


def as_matrix(kernel: torch.Tensor) -> torch.Tensor:
    """[out, in, h, w] as [out, in * h * w] in the same memory, for both of torch's memory formats."""
    matrix = _flatten(kernel.detach(), like=kernel)
    assert matrix.data_ptr() == kernel.data_ptr(), "the matrix is a copy"
    return matrix


def _flatten(kernel: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """A kernel as a matrix, with the columns in the memory order of `like`."""
    if not like.is_contiguous():
        kernel = kernel.permute(0, 2, 3, 1)
    return kernel.reshape(len(kernel), -1)
