"""Data-parallel learners: one process for each GPU, each training on its share of every batch.

torch's DistributedDataParallel averages the gradients. Batch norm sees only the rank's own share, as in one
process that accumulates gradients over the shares. `mean_` averages its running statistics.
"""

import os
import socket
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import torch
from torch import distributed, nn
from torch.nn import parallel

_LOOPBACK = "lo"


class Ranks:
    """This process's membership in the group of ranks. A single process does not use torch.distributed."""

    def __init__(self, number: int = 0, count: int = 1, device: torch.device | None = None) -> None:
        """number: this rank's number, from 0. Use `join` for more than one rank."""
        self.number = number
        self.count = count
        self.device = device
        """Device of this rank's network; None for a single process."""

    def wrap(self, net: nn.Module) -> nn.Module:
        """The network with a backward pass that averages gradients. All ranks start from rank 0's weights."""
        if self.count == 1:
            return net
        return parallel.DistributedDataParallel(net, forward_sync_buffers=False, gradient_as_bucket_view=True)

    @torch.no_grad()
    def mean_(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replaces floating-point tensors by their means over ranks. Every rank must make the same call."""
        if self.count == 1 or not tensors:
            return
        flat = torch.cat([tensor.reshape(-1).float() for tensor in tensors])
        distributed.all_reduce(flat)
        flat /= self.count
        start = 0
        for tensor in tensors:
            tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()

    def mean(self, number: float) -> float:
        """The mean of `number` over all ranks, in double precision. Every rank must make the same call."""
        if self.count == 1:
            return number
        total = torch.tensor([number], dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return total.item() / self.count

    def all(self, mine: Any) -> list[Any]:
        """The small objects that all ranks pass, in rank order. Every rank must make the same call."""
        if self.count == 1:
            return [mine]
        found: list[Any] = [None] * self.count
        distributed.all_gather_object(found, mine)
        return found

    def leave(self) -> None:
        """Leaves the group. Without this call the other ranks wait until their timeout."""
        if self.count > 1:
            distributed.destroy_process_group()


def join(address: str, number: int, count: int, device: torch.device, timeout_s: float) -> Ranks:
    """Waits for all ranks and returns this process's membership.

    address: tcp://HOST:PORT of rank 0, on a private network, or file:///PATH on this machine. With a file, no
    other machine can reach the ranks, which accept connections without a token. The group uses NCCL on GPUs
    and gloo on CPUs. Raises RuntimeError after a wait of more than timeout_s.
    """
    if count == 1:
        return Ranks()
    if address.startswith("file:") and _LOOPBACK in [name for _, name in socket.if_nameindex()]:
        for library in ("GLOO", "NCCL"):
            os.environ[f"{library}_SOCKET_IFNAME"] = _LOOPBACK
    if device.type == "cuda":
        torch.cuda.set_device(device)
    distributed.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        init_method=address,
        rank=number,
        world_size=count,
        timeout=timedelta(seconds=timeout_s),
    )
    return Ranks(number, count, device)
