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

import numpy as np
import torch

from alphazero.go import input_families
from alphazero.net import calibration, folding, packing, torch_backend

# B batch, K packed bytes of a position, C planes, H height, W width, A actions
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

    packed_BK: torch.Tensor  # its input
    compute: Callable[[], tuple[torch.Tensor, torch.Tensor]]  # logits [B, A] and values [B] on the device


@dataclass(slots=True, kw_only=True)
class _Slot:
    """Host memory of one batch in flight."""

    packed_BK: torch.Tensor
    logits_BA: torch.Tensor
    value_B: torch.Tensor
    done: torch.cuda.Event | None  # recorded after the copies to the host
    is_taken: bool = False


class GraphOutputs(NamedTuple):
    """A batch in the device's queue, as `alphazero.evaluator.Pending`."""

    slot: _Slot
    batch: int

    def result(self) -> tuple[np.ndarray, np.ndarray]:
        """Waits, then returns logits [B, A] and values before tanh [B], float32. Callable once."""
        assert self.slot.is_taken, "these answers were read before"
        if self.slot.done is not None:
            self.slot.done.synchronize()
        self.slot.is_taken = False
        return self.slot.logits_BA[: self.batch].numpy().copy(), self.slot.value_B[
            : self.batch
        ].numpy().copy()


class GraphBackend:
    """The folded network on a GPU, with at most two batches in flight.

    is_compiled: whether torch.compile writes the kernels. There are fewer batch sizes then, because each one
    takes seconds to compile. On a CPU, tests run the same steps without graphs, streams and pinned memory.
    """

    def __init__(
        self, net: folding.Folded, *, device: torch.device, is_bf16: bool, is_compiled: bool = False
    ) -> None:
        self._size, self._num_actions = net.size, len(net.policy.bias)
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

    def load(self, net: folding.Folded, exact: calibration.Exact) -> None:
        """Copies the weights of a network of the same shape into place. Captured graphs use them at once."""
        with self._queue():
            self._module.load(net)
        if self._stream is not None:
            self._stream.synchronize()

    def unload(self) -> None:
        """Does nothing: `load` copies the next network's weights to the same place."""

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        return self.submit(planes).result()

    @torch.inference_mode()
    def submit(self, planes: np.ndarray) -> GraphOutputs:
        """Queues a batch. Its planes may change as soon as this returns."""
        batch = len(planes)
        size = padded(batch, is_coarse=self._is_compiled)
        step, slot = self._step(size), self._take_slot(size)
        slot.packed_BK[:batch].numpy()[:] = input_families.LEELA.pack(planes)
        with self._queue():
            # Rows beyond the batch hold an older batch; their answers are never read.
            step.packed_BK.copy_(slot.packed_BK[:size], non_blocking=True)
            logits_BA, value_B = step.compute()
            slot.logits_BA[:size].copy_(logits_BA, non_blocking=True)
            slot.value_B[:size].copy_(value_B, non_blocking=True)
            if slot.done is not None:
                slot.done.record()
        return GraphOutputs(slot, batch)

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
        num_bytes = input_families.LEELA.num_packed_bytes(self._size)
        return _Slot(
            packed_BK=torch.zeros((size, num_bytes), dtype=torch.uint8, pin_memory=self._is_cuda),
            logits_BA=torch.zeros((size, self._num_actions), pin_memory=self._is_cuda),
            value_B=torch.zeros((size,), pin_memory=self._is_cuda),
            done=torch.cuda.Event() if self._is_cuda else None,
        )

    def _step(self, size: int) -> _Step:
        if size not in self._steps:
            self._steps[size] = self._make_step(size)
        return self._steps[size]

    def _make_step(self, size: int) -> _Step:
        num_bytes = input_families.LEELA.num_packed_bytes(self._size)
        packed_BK = torch.zeros((size, num_bytes), dtype=torch.uint8, device=self._device)
        if not self._is_cuda:
            return _Step(packed_BK, lambda: self._compute(packed_BK))
        with self._queue(), torch.backends.cudnn.flags(enabled=True, benchmark=True):
            for _ in range(_WARM_UPS):
                self._compute(packed_BK)
            assert self._stream is not None
            self._stream.synchronize()
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, pool=self._pool, stream=self._stream):
                answers = self._compute(packed_BK)

        def replay() -> tuple[torch.Tensor, torch.Tensor]:
            graph.replay()
            return answers

        return _Step(packed_BK, replay)

    def _compute(self, packed_BK: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x_BCHW = packing.unpack(packed_BK, self._size, self._dtype)
        logits_BA, value_B = self._forward(x_BCHW.contiguous(memory_format=torch.channels_last))
        return logits_BA.float(), value_B.float()

    def _queue(self) -> contextlib.AbstractContextManager[Any]:
        return torch.cuda.stream(self._stream) if self._is_cuda else contextlib.nullcontext()
