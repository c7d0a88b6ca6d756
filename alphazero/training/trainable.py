"""Networks to train: the exported network with the auxiliary heads that `net.*` enables."""

import torch

from alphazero.config import net as net_config
from alphazero.data import targets as game_targets
from alphazero.net import auxiliary, resnet


def make_network(
    size: int, config: net_config.NetConfig, generator: torch.Generator | None = None
) -> resnet.ResNet:
    """A new network. Draws its weights from `generator`, or from torch's global one."""
    return resnet.ResNet(size, config, generator, head_specs(config))


def head_specs(config: net_config.NetConfig) -> tuple[auxiliary.HeadSpec, ...]:
    """The enabled auxiliary heads, in the order of the table of targets."""
    return tuple(
        auxiliary.HeadSpec(target.name, target.shape, target.unit) for target in game_targets.enabled(config)
    )
