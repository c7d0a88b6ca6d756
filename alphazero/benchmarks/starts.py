"""Time from the start of a GTP engine's process to its answers: `gtp.<net>.start`, `gtp.<net>.first_move`."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from alphazero.benchmarks import measurement, nets, settings
from alphazero.config import net as net_config
from alphazero.engine_client import gtp_client
from alphazero.net import weights as network_weights

_TIME_LIMIT_S = 300.0
_LIBRARIES = """
from alphazero import jit
from alphazero.net import openvino_backend
if openvino_backend.is_installed():
    openvino_backend.library()
"""
"""Imports of every engine with a network on a CPU: numpy, numba, OpenVINO."""


class _EngineStart(NamedTuple):
    """Times of one start, in seconds of the wall clock."""

    libraries_s: float  # of a process that only imports the libraries
    name_s: float  # to the answer of `name`
    move_s: float  # to the answer of the `genmove` after it


def measure(
    net: net_config.NetConfig, options: settings.BenchmarkSettings
) -> Iterator[measurement.Measurement]:
    """Measures the medians of a few starts with compiled kernels.

    The limit is the time of a process that only imports the libraries, measured in turns with the starts.
    The ratio is how many times as long a start takes.
    """
    with tempfile.TemporaryDirectory() as folder:
        weights = nets.random_weights(net, options.size)
        path = Path(folder) / f"net{network_weights.suffix_of(weights)}"
        network_weights.write(weights, path)
        arguments = [f"--weights={path}", f"--device={options.device}", f"--threads={options.num_threads}"]
        _start(arguments)  # compiles kernels and loads files into the page cache
        began = time.perf_counter()
        starts = [_start(arguments)]
        while time.perf_counter() - began < options.seconds:
            starts.append(_start(arguments))
    libraries_s, name_s, move_s = (statistics.median(times) for times in zip(*starts, strict=True))
    setup = {"board": f"{options.size}x{options.size}", "threads": options.num_threads, "starts": len(starts)}
    for part, seconds in (("start", name_s), ("first_move", move_s)):
        yield measurement.Measurement(
            name=f"gtp.{net.name}.{part}",
            value=1000 * seconds,
            unit="ms",
            limit=1000 * libraries_s,
            setup=setup,
        )


def _start(arguments: list[str]) -> _EngineStart:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", _LIBRARIES], check=True)
    libraries_s = time.perf_counter() - began
    began = time.perf_counter()
    command = [sys.executable, "-m", "alphazero.gtp", *arguments]
    with gtp_client.GtpClient(command, time_limit_s=_TIME_LIMIT_S) as engine:
        engine.send("name")
        name_s = time.perf_counter() - began
        engine.send("genmove b")
        return _EngineStart(libraries_s, name_s, time.perf_counter() - began)
