"""Networks and positions for tests."""

import numpy as np
import torch

from alphazero.config import net as net_config
from alphazero.net import leela, resnet
from alphazero.training import trainable


def random_module(size: int = 5, blocks: int = 2, filters: int = 4, seed: int = 1) -> resnet.ResNet:
    """A network in eval mode. Its batch norms are random, too, and half of their gammas are negative."""
    generator = torch.Generator().manual_seed(seed)
    config = net_config.NetConfig(blocks=blocks, filters=filters)
    module = trainable.make_network(size, config, generator).eval()
    assert isinstance(module, resnet.ResNet)

    def uniform(tensor: torch.Tensor | None, low: float, high: float) -> None:
        assert tensor is not None
        torch.nn.init.uniform_(tensor, low, high, generator=generator)

    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            uniform(part.weight, 0.5, 1.5)
            with torch.no_grad():
                part.weight[::2] *= -1
            uniform(part.bias, -0.5, 0.5)
            uniform(part.running_mean, -0.5, 0.5)
            uniform(part.running_var, 0.3, 2.0)
    return module


def random_weights(size: int = 5, blocks: int = 2, filters: int = 4, seed: int = 1) -> leela.Weights:
    """Weights of `random_module` in the form of files."""
    return random_module(size, blocks, filters, seed).export()


def random_planes(batch: int, size: int = 5, seed: int = 1) -> np.ndarray:
    """[B, 18, N, N] uint8: random zeros and ones, and one of the two planes for the player to move."""
    rng = np.random.default_rng(seed)
    planes = (rng.random((batch, leela.NUM_PLANES, size, size)) < 0.3).astype(np.uint8)
    planes[:, 16:] = 0
    planes[np.arange(batch), rng.integers(16, 18, batch)] = 1
    return planes


def arrays(weights: leela.Weights) -> list[np.ndarray]:
    """All numbers, in the order of the file."""
    layers = [*weights.tower, weights.policy_convolution, weights.policy]
    layers += [weights.value_convolution, weights.value_hidden, weights.value]
    return [array for layer in layers for array in layer]
