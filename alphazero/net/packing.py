"""Planes as bits: an eighth of the bytes on the way to a device, unpacked there by shifts."""

import numpy as np
import torch

# B batch, C planes, H height, W width, K packed bytes of a position


def num_bytes(num_planes: int, size: int) -> int:
    """Packed bytes of one position; the bits of the last byte that are left over are zero."""
    return -(-num_planes * size * size // 8)


def pack(planes: np.ndarray, out: np.ndarray) -> None:
    """Fills out [B, K] uint8 with planes [B, C, N, N] of zeros and ones, first plane in the lowest bits."""
    out[:] = np.packbits(planes.reshape(len(planes), -1), axis=1, bitorder="little")


def unpack(packed_BK: torch.Tensor, num_planes: int, size: int, dtype: torch.dtype) -> torch.Tensor:
    """The planes [B, C, H, W] again, as `dtype`, on the device of the packed ones."""
    shifts = torch.arange(8, dtype=torch.uint8, device=packed_BK.device)
    bits = (packed_BK[:, :, None] >> shifts) & 1
    planes = bits.flatten(1)[:, : num_planes * size * size].reshape(-1, num_planes, size, size)
    return planes.to(dtype)
