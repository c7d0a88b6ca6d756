"""Unpacking of planes from bits, on the device that uses them."""

import torch

from alphazero.net import leela

# B batch, C planes, H height, W width, K packed bytes of a position


def unpack(packed_BK: torch.Tensor, size: int, dtype: torch.dtype) -> torch.Tensor:
    """Returns planes [B, C, H, W] as `dtype` from bits of `InputFamily.pack`, on the same device."""
    shifts = torch.arange(8, dtype=torch.uint8, device=packed_BK.device)
    bits = (packed_BK[:, :, None] >> shifts) & 1
    planes = bits.flatten(1)[:, : leela.NUM_PLANES * size * size]
    return planes.reshape(-1, leela.NUM_PLANES, size, size).to(dtype)
