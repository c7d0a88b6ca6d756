"""Versions of torch and its libraries, and the device's rate of large matrix products."""

import contextlib
import resource
from typing import Any

import numpy as np
import torch
from torch.cuda import nccl

from alphazero import jit
from alphazero.benchmarks import measurement, peaks
from alphazero.config import training as training_config
from alphazero.net import machine
from tools.gpu import task


def measure(given: task.Task) -> task.Items:
    """Reports facts, then the rate in each precision that the device supports natively."""
    yield task.MachineFacts(_facts(given.is_cuda))
    has_bf16 = machine.is_bf16(training_config.Precision.auto, given.device)
    for precision in ("fp32", *["fp16"] * given.is_cuda, *["bf16"] * has_bf16):
        reached = peaks.measure(given.device, precision).operations_per_s / 1e12
        yield measurement.Measurement(
            name=f"matrix.{precision}", value=reached, unit="TFLOP/s", limit=reached
        )


def memory(is_cuda: bool) -> dict[str, int]:
    """Peak memory of this process so far, in MiB."""
    found = {"host MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10}
    if is_cuda:
        found["GPU MiB"] = torch.cuda.max_memory_reserved() >> 20
    return found


def _facts(is_cuda: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "torch": torch.__version__,
        "numpy": np.__version__,
        "cpu features": sorted(name for name in jit.cpu_features() if name.startswith(("avx512", "amx"))),
    }
    if is_cuda:
        found["cuda"] = torch.version.cuda
        found["cudnn"] = torch.backends.cudnn.version()
        with contextlib.suppress(AttributeError, RuntimeError):
            found["nccl"] = ".".join(map(str, nccl.version()))
        found["gpus"] = [_describe(number) for number in range(torch.cuda.device_count())]
    return found


def _describe(number: int) -> dict[str, Any]:
    properties = torch.cuda.get_device_properties(number)
    return {
        "name": properties.name,
        "capability": f"{properties.major}.{properties.minor}",
        "memory GiB": round(properties.total_memory / 2**30, 1),
        "multiprocessors": properties.multi_processor_count,
    }
