"""What the machine can do for a network."""

from typing import TypeVar

import torch
from torch import nn

from alphazero.config import training as training_config

AnyModule = TypeVar("AnyModule", bound=nn.Module)


def pick_device(device: training_config.Device, number: int = 0) -> torch.device:
    """The device that a setting means, and which of its kind; ValueError for a GPU that is not there."""
    has_gpu = torch.cuda.is_available()
    if device is training_config.Device.cuda and not has_gpu:
        raise ValueError("device=cuda: torch sees no NVIDIA GPU on this machine")
    is_cuda = has_gpu and device is not training_config.Device.cpu
    return torch.device("cuda", number) if is_cuda else torch.device("cpu")


def num_gpus() -> int:
    """NVIDIA GPUs that torch sees."""
    return torch.cuda.device_count()


def is_bf16(precision: training_config.Precision, device: torch.device) -> bool:
    """Whether a setting means bf16; auto does where the device multiplies it natively."""
    if precision is not training_config.Precision.auto:
        return precision is training_config.Precision.bf16
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 8  # Ampere and newer
    return _cpu_has("avx512_bf16", "amx_bf16")


def has_fast_int8() -> bool:
    """Whether this CPU multiplies 8-bit numbers natively; without it sums saturate or are slow."""
    return _cpu_has("avx512_vnni", "avx_vnni", "amx_int8")


def _cpu_has(*names: str) -> bool:
    # Versions of torch that cannot say get float32, which is right everywhere.
    capabilities = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name) for name in names)


def place(module: AnyModule, device: torch.device, dtype: torch.dtype = torch.float32) -> AnyModule:
    """Moves the module; its kernels become channels-last, which fast convolutions are written for."""
    return module.to(device, dtype).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]  not in its stubs
