"""Torch devices, and the placement of modules on them."""

from typing import TypeVar

import torch
from torch import nn

from alphazero.config import training as training_config
from alphazero.net import machine

AnyModule = TypeVar("AnyModule", bound=nn.Module)


def pick_device(device: training_config.Device, number: int = 0) -> torch.device:
    """Returns the torch device for a setting. number: index of the GPU.

    Raises ValueError if the setting requires a GPU and there is none.
    """
    is_cuda = machine.pick(device) is machine.CUDA
    return torch.device("cuda", number) if is_cuda else torch.device("cpu")


def num_gpus() -> int:
    """Number of NVIDIA GPUs that torch sees."""
    return torch.cuda.device_count()


def is_bf16(precision: training_config.Precision, device: torch.device) -> bool:
    """Whether a setting means bf16; auto does if the device multiplies bf16 natively."""
    return machine.is_bf16(precision, training_config.Device(device.type), device.index or 0)


def place(module: AnyModule, device: torch.device, dtype: torch.dtype = torch.float32) -> AnyModule:
    """Moves the module. Its kernels become channels-last, the layout of fast convolutions."""
    return module.to(device, dtype).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  not in its stubs
