"""Floating-point operations of a network, each multiplication and each addition counted."""

from alphazero.config import net as net_config
from alphazero.go import features


def evaluation_operations(net: net_config.NetConfig, size: int) -> int:
    """Of the tower for one position, forward; the heads are left out."""
    kernels = 9 * net.filters * (features.NUM_PLANES + 2 * net.blocks * net.filters)
    return 2 * size**2 * kernels


def step_operations(net: net_config.NetConfig, size: int) -> int:
    """Of the tower for one sample of training: once forward, and twice that backward."""
    return 3 * evaluation_operations(net, size)
