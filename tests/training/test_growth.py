"""Tests of networks that grow in training: the same answers, and copies that learn to differ."""

import copy

import numpy as np
import pytest
import torch

from alphazero.config import net as net_config
from alphazero.training import growth, trainable

Family = net_config.Family
SIZE = 5
HEADS = {"ownership": True, "score": True, "reply": True, "soft_policy": True, "short_term": True}
CASES = [
    ("b2c8", "b2c8"),
    ("b2c8", "b3c8"),
    ("b2c8", "b2c12"),
    ("b2c8", "b4c20"),
    ("kata-b2c16", "kata-b5c16"),
    ("kata-b4c32", "kata-b5c48"),
    ("kata-b3c16", "kata-b6c64"),
]


def _trained(name: str) -> trainable.Network:
    """A network whose norms and zeros have moved."""
    family, blocks, filters = net_config.parse(name)
    config = net_config.NetConfig(family=family, blocks=blocks, filters=filters, **HEADS)
    net = trainable.make_network(SIZE, config, torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for tensor in net.state_dict().values():
            if tensor.is_floating_point():
                noise = torch.rand(tensor.shape, generator=generator)
                tensor.mul_(0.5 + noise).add_(0.05 * noise)
    return net.double().eval()


def _answers(net: trainable.Network, batch: int = 7) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    planes = torch.randint(0, 2, (batch, net.num_planes, SIZE, SIZE), generator=generator).double()
    outputs = net(planes, torch.rand(batch, net.num_globals, generator=generator).double())
    return {"policy": outputs.policy_logits, "value": outputs.value_logit, **outputs.auxiliary}


def _grown(small: trainable.Network, name: str, seed: int = 0) -> trainable.Network:
    family, blocks, filters = net_config.parse(name)
    config = net_config.NetConfig(family=family, blocks=blocks, filters=filters, **HEADS)
    large = trainable.make_network(SIZE, config, torch.Generator().manual_seed(4)).double()
    growth.grow(small, large, np.random.default_rng(seed))
    return large.eval()


@pytest.mark.parametrize(("before", "after"), CASES)
@pytest.mark.parametrize("is_training", [False, True])
def test_a_grown_network_has_the_same_answers(before: str, after: str, is_training: bool):
    small = _trained(before)
    large = _grown(small, after)
    expected = _answers(small.train(is_training))
    found = _answers(large.train(is_training))
    assert list(found) == list(expected)
    for name, answer in expected.items():
        torch.testing.assert_close(
            found[name], answer, rtol=1e-3, atol=1e-4, msg=lambda text, n=name: f"{n}: {text}"
        )
    assert max(answer.std() for answer in expected.values()) > 0.1, "answers that say nothing"


def test_averages_of_grown_networks_are_grown_averages():
    """The learner grows the network and its average alike, so that it may go on averaging them."""
    first, second = _trained("kata-b3c16"), _trained("kata-b3c16")
    with torch.no_grad():
        for parameter in second.parameters():
            parameter.mul_(1.1)
    mean = copy.deepcopy(first)
    large_mean = _grown(first, "kata-b4c24", seed=5)
    with torch.no_grad():
        for own, other in zip(mean.parameters(), second.parameters(), strict=True):
            own.lerp_(other, 0.5)
        for own, other in zip(
            large_mean.parameters(), _grown(second, "kata-b4c24", seed=5).parameters(), strict=True
        ):
            own.lerp_(other, 0.5)
    for own, other in zip(
        large_mean.parameters(), _grown(mean, "kata-b4c24", seed=5).parameters(), strict=True
    ):
        torch.testing.assert_close(own, other)


def test_copies_of_a_channel_get_different_gradients():
    large = _grown(_trained("kata-b2c16"), "kata-b2c32").train()
    answers = _answers(large)
    (answers["policy"].square().mean() + answers["value"].square().mean()).backward()
    weight = large.get_parameter("input.convolution.weight")
    assert weight.grad is not None
    gradient = weight.grad.flatten(1)
    first, second = (half.sort(dim=0).values for half in weight.split(16))
    assert first.equal(second), "each channel has one copy"
    distances = torch.cdist(gradient, gradient) + 1e9 * torch.eye(len(gradient))
    assert distances.min() > 1e-4 * gradient.norm(dim=1).mean()


def test_shares_of_a_channel_sum_to_one_and_all_channels_are_kept():
    channels = growth.draw(10, 37, np.random.default_rng(0))
    assert list(channels.sources[:10]) == list(range(10))
    np.testing.assert_allclose(np.bincount(channels.sources, channels.shares), np.ones(10))
    assert np.ptp(np.bincount(channels.sources)) == 1, "as many copies of each channel as possible"
    tripled = channels.times(3)
    assert tripled.sources[37 + 5] == 15 and len(tripled.shares) == 111


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("b2c8", "b1c8", "2 blocks in the smaller network and 1"),
        ("b2c8", "b2c6", "8 channels in the smaller network and 6"),
        ("b2c8", "kata-b2c8", "two families"),
    ],
)
def test_networks_that_cannot_grow_are_refused(before: str, after: str, message: str):
    with pytest.raises(ValueError, match=message):
        _grown(_trained(before), after)
