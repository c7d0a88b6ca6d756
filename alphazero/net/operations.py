"""Numbers of floating-point operations of a network. Multiplications and additions both count."""

from alphazero.config import net as net_config
from alphazero.go import features


def evaluation_operations(net: net_config.NetConfig, size: int) -> int:
    """Operations of the tower for one position, forward only. The heads are not counted."""
    kernels = 9 * net.filters * (features.NUM_PLANES + 2 * net.blocks * net.filters)
    return 2 * size**2 * kernels


def step_operations(net: net_config.NetConfig, size: int) -> int:
    """Operations of the tower for one sample of training: one forward pass, and twice that backward."""
    return 3 * evaluation_operations(net, size)
