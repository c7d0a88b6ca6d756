"""Random torch networks of KataGo's family, and inputs for them."""

import numpy as np
import torch
from torch import nn

from alphazero.config import net as net_config
from alphazero.net.katago import network


def make_config(trunk: net_config.Trunk = net_config.Trunk.post, **settings: object) -> net_config.NetConfig:
    """A tiny network of KataGo's family."""
    chosen = {"blocks": 2, "filters": 16, **settings}
    return net_config.NetConfig(family=net_config.Family.katago, trunk=trunk, **chosen)  # type: ignore[arg-type]


def random_net(config: net_config.NetConfig, seed: int = 1, scale: float = 1.0) -> network.KataNet:
    """A network with random weights everywhere and norms as after training: factors of either sign.

    scale: factor on the biases of its norms.
    """
    generator = torch.Generator().manual_seed(seed)
    net = network.KataNet(config, generator)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.weight, mean=0.4, std=0.5, generator=generator)
                nn.init.normal_(module.bias, std=scale, generator=generator)
                assert module.running_mean is not None and module.running_var is not None
                module.running_mean.normal_(0, 0.5, generator=generator)
                module.running_var.uniform_(0.3, 2.0, generator=generator)
        for layer in (net.heads.scores, net.heads.ownership):
            nn.init.normal_(layer.weight, std=0.2, generator=generator)
        for dense in (net.heads.hidden, net.heads.value, net.heads.scores):
            nn.init.normal_(dense.bias, std=0.2, generator=generator)
    return net.eval()


def random_inputs(batch: int, size: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Planes [B, 22, N, N] uint8 and globals [B, 19] float32."""
    rng = np.random.default_rng(seed)
    planes = (rng.random((batch, 22, size, size)) < 0.3).astype(np.uint8)
    planes[:, 0] = 1
    return planes, rng.normal(scale=0.4, size=(batch, 19)).astype(np.float32)
