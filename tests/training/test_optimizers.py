"""Steps of each optimizer, worked out by hand or in numpy, and properties of all of them."""

import io
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from alphazero.config import compose
from alphazero.config import optimizer as optimizer_config
from alphazero.net import resnet
from alphazero.training import losses, optimizers, schedules, trainable
from tests.training import batches, positions

Name = optimizer_config.OptimizerName
WITH_GRADIENTS = [name for name in Name if name is not Name.rso]
ALIKE = [name for name in WITH_GRADIENTS if name is not Name.muon]  # muon refuses networks without a tower


def make_config(name: Name, rate: float = 0.1, **settings: Any) -> optimizer_config.OptimizerConfig:
    plain = name in (Name.sgd, Name.adagrad, Name.rmsprop)
    chosen = {"weight_decay": 0.0, "momentum": 0.0 if plain else 0.9, **settings}
    return optimizer_config.OptimizerConfig(name=name, rate=rate, **chosen)


def shipped(name: Name) -> optimizer_config.OptimizerConfig:
    return compose.compose([f"optimizer={name.value}"]).optimizer


def module_with_gradient(gradient: float) -> nn.Sequential:
    """A module whose parameters are all 1 and have the same gradient."""
    module = nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1), nn.Linear(2, 1))
    for parameter in module.parameters():
        nn.init.ones_(parameter)
        parameter.grad = torch.full_like(parameter, gradient)
    return module


def train(optimizer: optimizers.Optimizer, net: resnet.ResNet, num_steps: int) -> list[float]:
    planes, targets = positions.tensors(batches.make_batch())
    config = batches.make_config().training
    series = []
    for _ in range(num_steps):
        optimizer.zero_grad()
        loss, _ = losses.compute(net(planes), targets, config)
        loss.backward()
        optimizer.step()
        series.append(loss.item())
    return series


def small_net() -> resnet.ResNet:
    config = batches.make_config()
    net = trainable.make_network(batches.SIZE, config.net, torch.Generator().manual_seed(1)).train()
    assert isinstance(net, resnet.ResNet)
    return net


@pytest.mark.parametrize("name", [name for name in ALIKE if name is not Name.adam])
def test_only_kernels_and_matrices_decay(name: Name):
    module = module_with_gradient(0.0)
    optimizers.make(make_config(name, weight_decay=0.5), module).step()
    for parameter in module.parameters():
        assert (parameter < 1).all() == (parameter.ndim > 1)


STEPS = [
    # numbers after one and two steps with gradient 2 at learning rate 0.1
    (Name.adam, {}, [0.9, 0.8]),  # for a constant gradient, Adam's step is the learning rate
    (Name.adamw, {}, [0.9, 0.8]),
    (Name.amsgrad, {}, [0.9, 0.8]),
    (Name.adagrad, {}, [0.9, 0.9 - 0.1 / 2**0.5]),  # 2 / sqrt(4), then 2 / sqrt(8)
    (Name.rmsprop, {"beta2": 0.5}, [1 - 0.1 * 2**0.5, 1 - 0.1 * 2**0.5 - 0.1 * 2 / 3**0.5]),
    (Name.sgd, {}, [0.8, 0.6]),
    (Name.momentum, {"momentum": 0.5}, [0.7, 0.35]),  # Nesterov: v = 2 and 3, steps 2 + v / 2 = 3 and 3.5
]


@pytest.mark.parametrize(("name", "settings", "expected"), STEPS)
def test_steps_by_hand(name: Name, settings: dict[str, float], expected: list[float]):
    module = module_with_gradient(2.0)
    optimizer = optimizers.make(make_config(name, **settings), module)
    for number in expected:
        optimizer.step()
        assert module[0].weight.item() == pytest.approx(number, abs=1e-5)  # type: ignore[operator]


def test_amsgrad_remembers_the_largest_gradient():
    """After a gradient of 10, Adam's divisor shrinks again, and AMSGrad's does not."""
    weights = {}
    for name in (Name.adamw, Name.amsgrad):
        module = module_with_gradient(10.0)
        optimizer = optimizers.make(make_config(name, beta2=0.5, momentum=0.0), module)
        for _ in range(10):
            optimizer.step()
            for parameter in module.parameters():
                parameter.grad = torch.full_like(parameter, 0.1)
        weights[name] = module[0].weight.item()  # type: ignore[operator]
    assert weights[Name.amsgrad] > weights[Name.adamw] + 0.05


@pytest.mark.parametrize("name", [Name.adamw, Name.adam_l2])
def test_decay_is_decoupled_in_adamw_and_a_penalty_in_adam_l2(name: Name):
    rng = np.random.default_rng(3)
    weight, gradients = rng.normal(size=(4, 3)), rng.normal(size=(3, 4, 3))
    layer = nn.Linear(3, 4, bias=False)
    layer.weight.data = torch.from_numpy(weight.copy()).float()
    optimizer = optimizers.make(make_config(name, rate=0.01, weight_decay=0.3, beta2=0.99), layer)
    first, second = np.zeros_like(weight), np.zeros_like(weight)
    for step, gradient in enumerate(gradients, start=1):
        layer.weight.grad = torch.from_numpy(gradient).float()
        optimizer.step()
        if name is Name.adamw:
            weight -= 0.01 * 0.3 * weight
        else:
            gradient = gradient + 0.3 * weight
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        weight -= 0.01 * first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        np.testing.assert_allclose(layer.weight.detach().numpy(), weight, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", WITH_GRADIENTS)
def test_the_shipped_group_lowers_the_loss(name: Name):
    net = small_net()
    series = train(optimizers.make(shipped(name), net), net, 30)
    assert series[-1] < 0.9 * series[0]


@pytest.mark.parametrize("name", WITH_GRADIENTS)
def test_a_state_resumes_bit_for_bit(name: Name):
    def parts() -> tuple[resnet.ResNet, optimizers.Optimizer]:
        net = small_net()
        return net, optimizers.make(shipped(name), net)

    straight_net, straight = parts()
    train(straight, straight_net, 8)
    first_net, first = parts()
    train(first, first_net, 4)
    file = io.BytesIO()
    torch.save({"net": first_net.state_dict(), "optimizer": first.state_dict()}, file)
    second_net, second = parts()
    state = torch.load(io.BytesIO(file.getvalue()), weights_only=True)
    second_net.load_state_dict(state["net"])
    second.load_state_dict(state["optimizer"])
    train(second, second_net, 4)
    for ours, theirs in zip(
        second_net.state_dict().values(), straight_net.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("name", ALIKE)
def test_apply_reaches_all_parameters(name: Name):
    module = module_with_gradient(1.0)
    optimizer = optimizers.make(make_config(name), module)
    has_momentum = make_config(name).momentum > 0
    optimizers.apply(optimizer, schedules.Setting(rate=0.25, momentum=0.7 if has_momentum else 0.0))
    assert len(optimizer.param_groups) == 2
    for group in optimizer.param_groups:
        assert group["lr"] == 0.25
        assert group.get("momentum", 0.0) in (0.0, 0.7)
        assert group.get("betas", (0.7, 0.999)) == (0.7, 0.999)
    before = module[0].weight.item()  # type: ignore[operator]
    optimizer.step()
    assert module[0].weight.item() < before - 0.2  # type: ignore[operator]
