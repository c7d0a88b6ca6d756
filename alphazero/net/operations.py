"""Numbers of floating-point operations of a network. Multiplications and additions both count."""

from alphazero.config import net as net_config
from alphazero.go import features
from alphazero.net.katago import model, network_shape


def evaluation_operations(net: net_config.NetConfig, size: int) -> int:
    """Operations of the tower for one position, forward only. The heads and pools are not counted."""
    pairs = net.filters * features.NUM_PLANES + 2 * net.blocks * net.filters**2
    if net.family is net_config.Family.katago:
        blocks = network_shape.of_config(net).blocks
        pairs = net.filters * (model.NUM_PLANES + sum(map(_channels_of_block, blocks)))
    return 2 * size**2 * 9 * pairs


def _channels_of_block(block: network_shape.BlockShape | network_shape.NestedShape) -> int:
    """Outputs of the first convolution plus inputs of the last."""
    assert isinstance(block, network_shape.BlockShape), "a new network nests no blocks"
    return 2 * block.regular + block.pooled


def step_operations(net: net_config.NetConfig, size: int) -> int:
    """Operations of the tower for one sample of training: one forward pass, and twice that backward."""
    return 3 * evaluation_operations(net, size)
