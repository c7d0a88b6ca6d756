"""One step of each optimizer, worked out by hand."""

import pytest
import torch
from torch import nn

from alphazero.config import training as training_config
from alphazero.training import optimizers

ADAMW, SGD = training_config.OptimizerName.adamw, training_config.OptimizerName.sgd


def module_with_gradient(gradient: float) -> nn.Sequential:
    """Every number is 1 and has the same gradient."""
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1), nn.Linear(2, 1))
    for parameter in module.parameters():
        nn.init.ones_(parameter)
        parameter.grad = torch.full_like(parameter, gradient)
    return module


@pytest.mark.parametrize("name", [ADAMW, SGD])
def test_only_kernels_and_matrices_decay(name: training_config.OptimizerName):
    module = module_with_gradient(0.0)
    config = training_config.OptimizerConfig(name=name, rate=0.1, weight_decay=0.5, momentum=0.0)
    optimizers.make(config, module).step()
    for parameter in module.parameters():
        expected = 1 - 0.1 * 0.5 if parameter.ndim > 1 else 1.0
        assert torch.allclose(parameter, torch.full_like(parameter, expected))


STEPS = [
    # numbers after one and two steps with gradient 2 at rate 0.1
    (ADAMW, 0.9, [0.9, 0.8]),  # Adam's step is the rate for a steady gradient
    (SGD, 0.0, [0.8, 0.6]),
    (SGD, 0.5, [0.7, 0.35]),  # Nesterov: 2 + 0.5 * 2 = 3, then v = 2 + 0.5 * 2 = 3 and 2 + 0.5 * 3 = 3.5
]


@pytest.mark.parametrize(("name", "momentum", "expected"), STEPS)
def test_steps_by_hand(name: training_config.OptimizerName, momentum: float, expected: list[float]):
    module = module_with_gradient(2.0)
    config = training_config.OptimizerConfig(name=name, rate=0.1, weight_decay=0.0, momentum=momentum)
    optimizer = optimizers.make(config, module)
    for number in expected:
        optimizer.step()
        assert module[0].weight.item() == pytest.approx(number, abs=1e-5)  # type: ignore[operator]


def test_set_rate_reaches_all_parameters():
    module = module_with_gradient(1.0)
    config = training_config.OptimizerConfig(name=SGD, rate=0.1, weight_decay=0.0, momentum=0.0)
    optimizer = optimizers.make(config, module)
    optimizers.set_rate(optimizer, 0.25)
    optimizer.step()
    assert all(torch.allclose(p, torch.full_like(p, 0.75)) for p in module.parameters())
