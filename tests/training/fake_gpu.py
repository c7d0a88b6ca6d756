"""Tensors that simulate those of a GPU: they compute as usual, but cannot be sent to another process."""

import torch
from torch import nn


class GpuTensor(torch.Tensor):
    """A tensor that another process could not receive. Everything computed from it is one too."""

    device = torch.device("cuda", 0)  # pyright: ignore[reportIncompatibleVariableOverride, reportAssignmentType]

    def cpu(self, memory_format: torch.memory_format = torch.preserve_format) -> torch.Tensor:
        """A plain tensor."""
        return self.as_subclass(torch.Tensor).detach().clone()

    def tolist(self) -> list:
        """Plain numbers, as from a GPU."""
        return self.cpu().tolist()

    def __reduce_ex__(self, protocol):
        raise RuntimeError("a tensor on a GPU was about to leave its process")


def move(module: nn.Module) -> None:
    """Moves all parameters and buffers of a network to the fake GPU. It can compute, but not train."""
    for part in module.modules():
        for name, parameter in part._parameters.items():
            if parameter is not None:
                fake = nn.Parameter(parameter.detach().as_subclass(GpuTensor), parameter.requires_grad)
                part._parameters[name] = fake
        for name, buffer in part._buffers.items():
            if buffer is not None:
                part._buffers[name] = buffer.as_subclass(GpuTensor)
