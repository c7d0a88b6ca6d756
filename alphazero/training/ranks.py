"""Data-parallel learners: one process for each GPU, each with its share of every batch.

Gradients are averaged by torch's DistributedDataParallel. Batch norm sees the rank's own share, as it would
in one process that accumulates gradients over the shares; its running statistics are averaged by `mean_`.
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
    """This process's place in the group; a process by itself takes no part in torch.distributed."""

    def __init__(self, number: int = 0, count: int = 1, device: torch.device | None = None) -> None:
        """number: this rank's, from 0; use `join` for more than one rank."""
        self.number = number
        self.count = count
        self.device = device
        """Where its network must be, None for a process by itself."""

    def wrap(self, net: nn.Module) -> nn.Module:
        """The network whose backward pass averages gradients over all ranks; starts from rank 0's numbers."""
        if self.count == 1:
            return net
        return parallel.DistributedDataParallel(net, forward_sync_buffers=False, gradient_as_bucket_view=True)

    @torch.no_grad()
    def mean_(self, tensors: Sequence[torch.Tensor]) -> None:
        """Replaces floating-point tensors by their means over all ranks, which must all call this alike."""
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
        """The mean of all ranks' numbers, in double precision."""
        if self.count == 1:
            return number
        total = torch.tensor([number], dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return total.item() / self.count

    def all(self, mine: Any) -> list[Any]:
        """What each rank brings, in their order; small plain things, and all must call this alike."""
        if self.count == 1:
            return [mine]
        found: list[Any] = [None] * self.count
        distributed.all_gather_object(found, mine)
        return found

    def leave(self) -> None:
        """Ends this process's part; without it the others wait until their timeout."""
        if self.count > 1:
            distributed.destroy_process_group()


def join(address: str, number: int, count: int, device: torch.device, timeout_s: float) -> Ranks:
    """Waits for all ranks and returns this one's place.

    address: tcp://HOST:PORT of rank 0, on a private network, or file:///PATH on this machine: then no other
    machine reaches the ranks, which ask nobody for a token. The group uses NCCL on GPUs and gloo on CPUs;
    whoever waits for longer than timeout_s gets a RuntimeError.
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
