"""Inference on an NVIDIA GPU: packed planes, CUDA graphs for fixed batch sizes, asynchronous results.

A batch costs three short calls on the host:
- copy the packed planes to the device,
- replay the graph that was captured for this batch size,
- copy the answers back.

All three are queued on one stream, in order, so batches share the device's buffers. The host's buffers
alternate between two slots.

The authors have not run this on a GPU yet. Tests marked gpu cover it; the others run it on a CPU without
graphs.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from alphazero import evaluator as evaluators
from alphazero.net import calibration, description, packing, torch_backend

# B batch, K packed bytes of a position, G global inputs, C planes, H height, W width
_NUM_SLOTS = 2
_SMALLEST = 16
_WARM_UPS = 3
"""Runs before a capture, during which libraries choose their kernels and allocate memory."""


def padded(batch: int, *, is_coarse: bool = False) -> int:
    """Returns the graph size for a batch, one of few sizes.

    It exceeds the batch by at most 15 rows or a quarter. is_coarse: the next power of two, at least 16.
    """
    power = max(_SMALLEST, 1 << (batch - 1).bit_length())
    step = power if is_coarse else max(_SMALLEST, power // 8)
    return -(-batch // step) * step


class _Step(NamedTuple):
    """The device's work for one batch size."""

    packed_BK: torch.Tensor  # its inputs
    globals_BG: torch.Tensor
    compute: Callable[[], tuple[torch.Tensor, ...]]  # raw outputs on the device


@dataclass(slots=True, kw_only=True)
class _Slot:
    """Host memory of one batch in flight."""

    packed_BK: torch.Tensor
    globals_BG: torch.Tensor
    outputs: tuple[torch.Tensor, ...] = ()  # raw outputs, empty before the first batch
    done: torch.cuda.Event | None  # recorded after the copies to the host
    is_taken: bool = False


class GraphOutputs(NamedTuple):
    """A batch in the device's queue, as `alphazero.evaluator.Pending`."""

    slot: _Slot
    batch: int

    def result(self) -> description.RawOutputs:
        """Waits, then returns the raw outputs, float32. Callable once."""
        assert self.slot.is_taken, "these answers were read before"
        if self.slot.done is not None:
            self.slot.done.synchronize()
        self.slot.is_taken = False
        return tuple(output[: self.batch].numpy().copy() for output in self.slot.outputs)


class GraphBackend:
    """A network on a GPU, with at most two batches in flight.

    is_compiled: whether torch.compile writes the kernels. There are fewer batch sizes then, because each one
    takes seconds to compile. On a CPU, tests run the same steps without graphs, streams and pinned memory.
    """

    def __init__(
        self, net: description.Description, *, device: torch.device, is_bf16: bool, is_compiled: bool = False
    ) -> None:
        self._size, self._family = net.size, net.family
        self._device, self._is_cuda = device, device.type == "cuda"
        self._dtype = torch.bfloat16 if is_bf16 else torch.float32
        self.precision = "bf16" if is_bf16 else "fp32"
        self.name = f"torch{'.compile' if is_compiled else ''} graphs {device.type} {self.precision}"
        self._is_compiled = is_compiled
        self._module = torch_backend.make_module(net, device, self._dtype)
        self._forward: Any = torch.compile(self._module, dynamic=False) if is_compiled else self._module
        self._stream = torch.cuda.Stream(device) if self._is_cuda else None
        self._pool = torch.cuda.graph_pool_handle() if self._is_cuda else None
        self._steps: dict[int, _Step] = {}
        self._slots = [self._make_slot(_SMALLEST) for _ in range(_NUM_SLOTS)]
        self._num_submitted = 0

    def load(self, net: description.Description, exact: calibration.Exact) -> None:
        """Copies the weights of a network of the same shape into place. Captured graphs use them at once."""
        with self._queue():
            self._module.load(net)
        if self._stream is not None:
            self._stream.synchronize()

    def unload(self) -> None:
        """Does nothing: `load` copies the next network's weights to the same place."""

    def run(self, inputs: evaluators.Inputs) -> description.RawOutputs:
        """Implements `Backend.run`."""
        return self.submit(inputs).result()

    @torch.inference_mode()
    def submit(self, inputs: evaluators.Inputs) -> GraphOutputs:
        """Queues a batch. Its inputs may change as soon as this returns."""
        batch = len(inputs.planes)
        size = padded(batch, is_coarse=self._is_compiled)
        step, slot = self._step(size), self._take_slot(size)
        slot.packed_BK[:batch].numpy()[:] = self._family.pack(inputs.planes)
        if inputs.globals is not None:
            slot.globals_BG[:batch].numpy()[:] = inputs.globals
        with self._queue():
            # Rows beyond the batch hold an older batch; their answers are never read.
            step.packed_BK.copy_(slot.packed_BK[:size], non_blocking=True)
            step.globals_BG.copy_(slot.globals_BG[:size], non_blocking=True)
            answers = step.compute()
            slot.outputs = slot.outputs or tuple(self._host_memory(slot, answer) for answer in answers)
            for output, answer in zip(slot.outputs, answers, strict=True):
                output[:size].copy_(answer, non_blocking=True)
            if slot.done is not None:
                slot.done.record()
        return GraphOutputs(slot, batch)

    def _host_memory(self, slot: _Slot, answer: torch.Tensor) -> torch.Tensor:
        """Memory for an output [B, ...] of as many positions as the slot can hold."""
        return torch.zeros((len(slot.packed_BK), *answer.shape[1:]), pin_memory=self._is_cuda)

    def _take_slot(self, size: int) -> _Slot:
        """Returns the least recently used slot, enlarged if necessary."""
        index = self._num_submitted % _NUM_SLOTS
        self._num_submitted += 1
        assert not self._slots[index].is_taken, "more than two batches are in flight"
        if len(self._slots[index].packed_BK) < size:
            self._slots[index] = self._make_slot(size)
        self._slots[index].is_taken = True
        return self._slots[index]

    def _make_slot(self, size: int) -> _Slot:
        num_bytes, num_globals = self._family.num_packed_bytes(self._size), self._family.num_globals
        return _Slot(
            packed_BK=torch.zeros((size, num_bytes), dtype=torch.uint8, pin_memory=self._is_cuda),
            globals_BG=torch.zeros((size, num_globals), pin_memory=self._is_cuda),
            done=torch.cuda.Event() if self._is_cuda else None,
        )

    def _step(self, size: int) -> _Step:
        if size not in self._steps:
            self._steps[size] = self._make_step(size)
        return self._steps[size]

    def _make_step(self, size: int) -> _Step:
        num_bytes, num_globals = self._family.num_packed_bytes(self._size), self._family.num_globals
        packed_BK = torch.zeros((size, num_bytes), dtype=torch.uint8, device=self._device)
        globals_BG = torch.zeros((size, num_globals), device=self._device)
        if not self._is_cuda:
            return _Step(packed_BK, globals_BG, lambda: self._compute(packed_BK, globals_BG))
        with self._queue(), torch.backends.cudnn.flags(enabled=True, benchmark=True):
            for _ in range(_WARM_UPS):
                self._compute(packed_BK, globals_BG)
            assert self._stream is not None
            self._stream.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
                answers = self._compute(packed_BK, globals_BG)

        def replay() -> tuple[torch.Tensor, ...]:
            graph.replay()
            return answers

        return _Step(packed_BK, globals_BG, replay)

    def _compute(self, packed_BK: torch.Tensor, globals_BG: torch.Tensor) -> tuple[torch.Tensor, ...]:
        x_BCHW = packing.unpack(packed_BK, self._size, self._dtype, self._family.num_planes)
        x_BCHW = x_BCHW.contiguous(memory_format=torch.channels_last)
        return tuple(answer.float() for answer in self._forward(x_BCHW, globals_BG.to(self._dtype)))

    def _queue(self) -> contextlib.AbstractContextManager[Any]:
        return torch.cuda.stream(self._stream) if self._is_cuda else contextlib.nullcontext()
