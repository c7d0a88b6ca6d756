"""Hardware of this machine that matters to networks, detected without torch, whose import takes seconds."""

import ctypes
import functools
import platform
import sys

from alphazero import jit
from alphazero.config import training as training_config

CPU, CUDA = training_config.Device.cpu, training_config.Device.cuda


def pick(device: training_config.Device) -> training_config.Device:
    """Returns CPU or CUDA for a setting; raises ValueError if it requires a GPU and there is none."""
    if device is CPU:
        return CPU
    if has_gpu():
        return CUDA
    if device is CUDA:
        raise ValueError("device=cuda: torch sees no NVIDIA GPU on this machine")
    return CPU


def has_gpu() -> bool:
    """Whether torch sees an NVIDIA GPU. Without a driver there is none, and torch is not imported."""
    if not _has_driver():
        return False
    import torch

    return torch.cuda.is_available()


@functools.cache
def _has_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def is_bf16(precision: training_config.Precision, device: training_config.Device, number: int = 0) -> bool:
    """Whether a setting means bf16; auto does if the CPU, or the GPU of this number, has it natively."""
    if precision is not training_config.Precision.auto:
        return precision is training_config.Precision.bf16
    if device is CUDA:
        import torch

        return torch.cuda.get_device_capability(number)[0] >= 8  # Ampere and newer
    return _cpu_has("avx512bf16", "amx-bf16")


def is_x86() -> bool:
    """Whether the CPU is a 64-bit x86 processor."""
    return platform.machine().lower() in ("x86_64", "amd64")


def has_fast_int8() -> bool:
    """Whether this CPU multiplies 8-bit numbers natively. Without that, sums saturate or are slow."""
    return _cpu_has("avx512vnni", "avxvnni", "amx-int8")


def _cpu_has(*names: str) -> bool:
    return not jit.cpu_features().isdisjoint(names)
