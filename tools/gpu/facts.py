"""Facts about the machine, found without torch if possible."""

import os
import platform
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

from alphazero.benchmarks import measurement
from alphazero.net import machine
from tools.gpu import task

_QUERY = "name,driver_version,memory.total,memory.used,power.limit,clocks.max.sm,mig.mode.current"
_QUERY_S = 10.0
_PROJECT = str(Path(__file__).resolve().parents[2])


def missing_gpu() -> str:
    """Why no GPU can be measured here, in one line; empty if one can."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            if machine.has_gpu():
                return ""
            if caught:  # a warning about an old driver, for example
                return f"torch sees no NVIDIA GPU: {' '.join(str(caught[0].message).split())}"
        if not nvidia_smi():
            return "there is no NVIDIA GPU on this machine"
        import torch
    except (ImportError, OSError) as error:
        return f"torch cannot be imported: {task.line_of(error)}"
    build = "without CUDA" if torch.version.cuda is None else f"for CUDA {torch.version.cuda}"
    return f"nvidia-smi lists a GPU and torch {torch.__version__}, built {build}, sees none"


def of_host() -> dict[str, Any]:
    """Facts that need no torch."""
    found: dict[str, Any] = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": measurement.machine(),
        "memory GiB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": _output(["git", "-C", _PROJECT, "describe", "--always", "--dirty", "--abbrev=12"]),
        "nvidia-smi": nvidia_smi(),
    }
    return found


def nvidia_smi() -> list[dict[str, str]]:
    """The driver's description of each GPU; empty without a driver."""
    lines = _output(["nvidia-smi", f"--query-gpu={_QUERY}", "--format=csv,noheader"]).splitlines()
    return [dict(zip(_QUERY.split(","), line.split(", "), strict=False)) for line in lines]


def _output(command: list[str]) -> str:
    """Output of a program, empty if it is missing or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_QUERY_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
