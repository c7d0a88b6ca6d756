"""Unpacking of planes from bits, on the device that uses them."""

from math import isqrt

import torch

from alphazero.net import leela

# B batch, C planes, H height, W width, K packed bytes of a position


def unpack(
    packed_BK: torch.Tensor, size: int, dtype: torch.dtype, num_planes: int = leela.NUM_PLANES
) -> torch.Tensor:
    """Returns planes [B, C, H, W] as `dtype` from bits of `InputFamily.pack`, on the same device."""
    shifts = torch.arange(8, dtype=torch.uint8, device=packed_BK.device)
    bits = (packed_BK[:, :, None] >> shifts) & 1
    planes = bits.flatten(1)[:, : num_planes * size * size]
    return planes.reshape(-1, num_planes, size, size).to(dtype)


def size_of(packed_BK: torch.Tensor, num_planes: int) -> int:
    """The board's side: at most seven bits of the last byte are unused, fewer than a point's planes."""
    assert num_planes > 7
    return isqrt(8 * packed_BK.shape[1] // num_planes)
