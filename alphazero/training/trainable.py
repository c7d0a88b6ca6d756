"""Networks to train: the exported network with the auxiliary heads that `net.*` enables."""

import torch

from alphazero.config import net as net_config
from alphazero.data import targets as game_targets
from alphazero.net import auxiliary, resnet
from alphazero.net import weights as network_weights
from alphazero.net.katago import model, network

Network = resnet.ResNet | network.KataNet
"""A network of either family. `num_planes` and `num_globals` are the numbers of its inputs."""


def make_network(
    size: int, config: net_config.NetConfig, generator: torch.Generator | None = None
) -> Network:
    """A new network. Draws its weights from `generator`, or from torch's global one."""
    if config.family is net_config.Family.katago:
        return network.KataNet(config, generator, head_specs(config))
    return resnet.ResNet(size, config, generator, head_specs(config))


def from_weights(
    size: int, config: net_config.NetConfig, generator: torch.Generator, weights: network_weights.Weights
) -> Network:
    """A network with these weights; its auxiliary heads are new, drawn from `generator`.

    Raises ValueError with one line if the weights do not fit the board or the settings.
    """
    if isinstance(weights, model.Model):
        if config.family is not net_config.Family.katago:
            raise ValueError("weights are of KataGo's family; the network is of Leela Zero's")
        net = network.KataNet(config, generator, head_specs(config), weights)
        net.load_weights(weights)
        return net
    if config.family is not net_config.Family.leela:
        raise ValueError("weights are of Leela Zero's family; the network is of KataGo's")
    net = resnet.ResNet(size, config, generator, head_specs(config))
    net.load_weights(weights)
    return net


def head_specs(config: net_config.NetConfig) -> tuple[auxiliary.HeadSpec, ...]:
    """The enabled auxiliary heads, in the order of the table of targets."""
    return tuple(
        auxiliary.HeadSpec(target.name, target.shape, target.unit)
        for target in game_targets.unexported(config)
    )
