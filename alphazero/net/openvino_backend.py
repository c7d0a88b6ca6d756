"""Inference by OpenVINO on a CPU. It fuses the whole network and is the fastest backend there."""

import functools
import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from alphazero import evaluator as evaluators
from alphazero import imports
from alphazero.net import calibration, description, equalize, openvino_operations


def is_installed() -> bool:
    """Whether the package is installed. It is imported only when a backend is made."""
    return importlib.util.find_spec("openvino") is not None


class OpenVinoBackend:
    """A network compiled by OpenVINO for batches of any size, one call at a time."""

    def __init__(self, net: description.Description, *, is_bf16: bool, num_threads: int) -> None:
        self._request: Any = None
        self._num_threads = num_threads
        self.precision = "bf16" if is_bf16 else "fp32"
        self.name = f"openvino cpu {self.precision}"
        self._compile(_model(net))

    def load(self, net: description.Description, exact: calibration.Exact) -> None:
        """Compiles the network in about 30 ms. OpenVINO lays out weights for the processor only then."""
        self._compile(_model(net))

    def run(self, inputs: evaluators.Inputs) -> description.RawOutputs:
        """Implements `Backend.run`."""
        return _ask(self._request, inputs)

    def unload(self) -> None:
        """Frees the compiled network, which holds kernels for each batch size that it has run."""
        self._request = None

    def _compile(self, model: Any) -> None:
        self._request = _compile(model, is_bf16=self.precision == "bf16", num_threads=self._num_threads)


class OpenVinoInt8Backend:
    """Convolutions in 8 bits, for processors with VNNI instructions.

    Kernels are rounded to 255 steps for each filter. Activations are rounded to 256 steps between the
    smallest and the largest number on `calibration.positions`, with a margin. Other layers stay floats.
    """

    def __init__(
        self, net: description.Description, exact: calibration.Exact, *, is_bf16: bool, num_threads: int
    ) -> None:
        """is_bf16: whether the other layers use bf16."""
        self._request: Any = None
        self._is_bf16 = is_bf16
        self._num_threads = num_threads
        self.precision = "int8"
        self.name = "openvino cpu int8"
        self.load(net, exact)

    def load(self, net: description.Description, exact: calibration.Exact) -> None:
        """Equalizes the network's channels and compiles it with the ranges of `exact`."""
        equal, ranges = equalize.equalize(net, exact.ranges)
        self._request = _compile(_model(equal, ranges), is_bf16=self._is_bf16, num_threads=self._num_threads)

    def run(self, inputs: evaluators.Inputs) -> description.RawOutputs:
        """Implements `Backend.run`."""
        return _ask(self._request, inputs)

    def unload(self) -> None:
        """Frees the compiled network, which holds kernels for each batch size that it has run."""
        self._request = None

    def precisions(self) -> dict[str, list[str]]:
        """Input precisions of the compiled layers, by type of layer; "u8" means 8 bits."""
        found: dict[str, list[str]] = {}
        for node in self._request.get_compiled_model().get_runtime_model().get_ordered_ops():
            facts = node.get_rt_info()
            found.setdefault(facts["layerType"].astype(str), []).append(facts["runtimePrecision"].astype(str))
        return found


@functools.cache
def library() -> Any:
    """Imports and returns the package. Its types are not usable by pyright."""
    # On import, this helper package reports the import to OpenVINO's makers, with an identifier kept in
    # ~/intel. Without it nothing is reported.
    sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType] None forbids it
    # By default, the cache keeps up to 1,024 pieces of compiled code, one for each layer and batch size, even
    # of networks that are gone: one or two megabytes per network. Requests keep the code that they use.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "64")
    # The converter is not needed. Its import takes as long as all the rest, and it would report as well.
    with imports.without("openvino.tools.ovc"):
        return importlib.import_module("openvino")


def _compile(model: Any, *, is_bf16: bool, num_threads: int) -> Any:
    """Returns a request that runs the model."""
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if is_bf16 else "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": num_threads,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,  # pinned processes on one machine would all use the same core
    }
    return library().Core().compile_model(model, "CPU", settings).create_infer_request()


def _ask(request: Any, inputs: evaluators.Inputs) -> description.RawOutputs:
    # Setting the tensors directly saves 40 us a call compared with a dictionary of arrays. The tensors share
    # the memory of the inputs, which must stay alive and be writable.
    arrays = [np.require(array, requirements=("C", "W")) for array in inputs if array is not None]
    for index, array in enumerate(arrays):
        request.set_input_tensor(index, library().Tensor(array, shared_memory=True))
    request.infer(share_outputs=True)
    # The shared answers belong to the request; its next call overwrites them.
    return tuple(tensor.data.copy() for tensor in request.output_tensors)


def _model(net: description.Description, ranges: Mapping[str, calibration.Range] | None = None) -> Any:
    """Builds the network as an OpenVINO graph. ranges: if given, convolutions use 8 bits."""
    openvino = library()
    opset = importlib.import_module("openvino.opset13")
    ops = openvino_operations.OpenVinoOperations(net.layers, ranges, opset)
    return openvino.Model(*ops.build(net), net.name)
