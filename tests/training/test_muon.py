"""Muon gets kernels as matrices in the same memory; AdamW updates all other parameters."""

import pytest
import torch
from torch import nn

from alphazero.config import net as net_config
from alphazero.config import optimizer as optimizer_config
from alphazero.net import resnet
from alphazero.training import muon, optimizers, schedules, trainable

CONFIG = optimizer_config.OptimizerConfig(
    name=optimizer_config.OptimizerName.muon, rate=0.01, weight_decay=0.1, momentum=0.95
)
FORMATS = [torch.contiguous_format, torch.channels_last]


def make_net(format: torch.memory_format) -> resnet.ResNet:
    config = net_config.NetConfig(blocks=2, filters=6)
    net = trainable.make_network(5, config, torch.Generator().manual_seed(1))
    return net.to(memory_format=format).train()  # type: ignore[call-overload]


def backward(net: nn.Module, seed: int) -> None:
    net.zero_grad()
    planes = torch.randn(8, 18, 5, 5, generator=torch.Generator().manual_seed(seed))
    outputs = net(planes.contiguous(memory_format=torch.channels_last))
    (outputs.policy_logits.square().mean() + outputs.value_logit.square().mean()).backward()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("shape", [(5, 7, 3, 3), (5, 1, 3, 3), (1, 7, 3, 3), (5, 7, 1, 1)])
def test_a_matrix_is_a_view(format: torch.memory_format, shape: tuple[int, ...]):
    kernel = torch.randn(shape).contiguous(memory_format=format)
    matrix = muon.as_matrix(kernel)
    assert matrix.shape == (shape[0], kernel[0].numel())
    matrix[0, 0] = 7.0
    assert kernel[0, 0, 0, 0] == 7.0
    assert torch.equal(matrix.sum(dim=1), muon.as_matrix(kernel.clone()).sum(dim=1))


@pytest.mark.parametrize("format", FORMATS)
def test_a_kernels_step_is_that_of_the_reshaped_matrix(format: torch.memory_format):
    """The order of the columns makes no difference except for rounding: Muon's products are in bf16."""
    net = make_net(format)
    kernel = net.get_parameter("blocks.1.second.convolution.weight")
    matrix = kernel.detach().contiguous().view(6, -1).clone().requires_grad_(True)
    reference = torch.optim.Muon(
        [matrix], lr=0.01, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    optimizer = muon.Muon(CONFIG, net)
    for seed in range(3):
        backward(net, seed)
        assert kernel.grad is not None
        matrix.grad = kernel.grad.contiguous().view(6, -1).clone()
        before = matrix.detach().clone()
        optimizer.step()
        reference.step()
        change = (matrix.detach() - before).norm()
        difference = (kernel.detach().contiguous().view(6, -1) - matrix.detach()).norm()
        assert difference < (1e-6 if format is torch.contiguous_format else 0.03 * change)
        matrix.data.copy_(kernel.detach().contiguous().view(6, -1))


def test_parameters_of_each_optimizer():
    net = make_net(torch.channels_last)
    optimizer = muon.Muon(CONFIG, net)
    matrices, decayed, rest = ([p.shape for p in group["params"]] for group in optimizer.param_groups)
    assert matrices == [(6, 54)] * 4
    assert (6, 18, 3, 3) in decayed and all(len(shape) > 1 for shape in decayed)
    assert all(len(shape) == 1 for shape in rest)
    assert len(matrices) + len(decayed) + len(rest) == len(list(net.parameters()))
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.1, 0.1, 0.0]


def test_entries_without_a_gradient_stay():
    """The policy head's weights between different points are held at 0 by masking their gradients."""
    net = make_net(torch.channels_last)
    is_held = net.policy.weight == 0
    optimizer = muon.Muon(CONFIG, net)
    for seed in range(3):
        backward(net, seed)
        optimizer.step()
    assert is_held.any() and (net.policy.weight[is_held] == 0).all()


def test_apply_reaches_both():
    optimizer = muon.Muon(CONFIG, make_net(torch.channels_last))
    optimizers.apply(optimizer, schedules.Setting(rate=0.5, momentum=0.85))
    assert [group["lr"] for group in optimizer.param_groups] == [0.5] * 3
    assert optimizer.param_groups[0]["momentum"] == 0.85
    assert [group["betas"][0] for group in optimizer.param_groups[1:]] == [0.85] * 2


def test_gradients_are_cleared():
    net = make_net(torch.channels_last)
    optimizer = muon.Muon(CONFIG, net)
    backward(net, 1)
    optimizer.step()
    optimizer.zero_grad()
    assert all(parameter.grad is None for parameter in net.parameters())
    before = [parameter.detach().clone() for parameter in net.parameters()]
    optimizer.step()
    assert all(torch.equal(old, new) for old, new in zip(before, net.parameters(), strict=True))


def test_errors_are_one_line():
    with pytest.raises(ValueError, match=r"^optimizer=muon: the network has no kernels except the first$"):
        muon.Muon(CONFIG, nn.Sequential(nn.Conv2d(2, 2, 3), nn.Linear(2, 2)))
    net = make_net(torch.channels_last)
    with pytest.raises(ValueError, match="another optimizer"):
        muon.Muon(CONFIG, net).load_state_dict(torch.optim.AdamW(net.parameters()).state_dict())
