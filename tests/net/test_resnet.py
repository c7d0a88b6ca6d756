"""The torch network and its exported weights."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional

from alphazero.config import net as net_config
from alphazero.net import leela, numpy_forward, resnet
from alphazero.training import trainable
from tests.net import networks


def answers(module: resnet.ResNet, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    with torch.inference_mode():
        outputs = module.eval()(torch.from_numpy(planes).float())
    return outputs.policy_logits.numpy(), np.tanh(outputs.value_logit.numpy())


def assert_same_answers(one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]) -> None:
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [4, 9])
def test_the_exported_file_computes_the_same_as_torch(size: int):
    module = networks.random_module(size)
    gammas = torch.cat([p.detach() for name, p in module.named_parameters() if name.endswith("norm.weight")])
    assert gammas.min() < 0 < gammas.max()
    planes = networks.random_planes(6, size)
    logits, values = answers(module, planes)
    assert logits.std() > 0.1
    assert values.std() > 1e-3
    assert_same_answers((logits, values), numpy_forward.forward(leela.to_text(module.export()), planes))


def test_a_loaded_network_computes_the_same_as_its_file_and_exports_it():
    weights = networks.random_weights(seed=1)
    module = networks.random_module(seed=2)
    module.load_weights(weights)
    planes = networks.random_planes(4)
    assert_same_answers(answers(module, planes), numpy_forward.forward(leela.to_text(weights), planes))
    for ours, theirs in zip(networks.arrays(module.export()), networks.arrays(weights), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


def test_only_a_network_that_fits_is_loaded():
    module = networks.random_module(size=5, blocks=2, filters=4)
    for other in ({"size": 4}, {"blocks": 1}, {"filters": 8}):
        with pytest.raises(ValueError, match=r"weights are b\d+c\d+ for .*; the network is b2c4 for 5x5"):
            module.load_weights(networks.random_weights(**other))
    with pytest.raises(ValueError, match="version 2"):
        module.load_weights(dataclasses.replace(networks.random_weights(), version=leela.BLACK))


def test_positions_of_a_batch_do_not_influence_each_other():
    module = networks.random_module()
    planes = networks.random_planes(5)
    whole = answers(module, planes)
    for row in range(5):
        alone = answers(module, planes[row : row + 1])
        assert_same_answers((whole[0][row : row + 1], whole[1][row : row + 1]), alone)


def test_ownership_exists_if_enabled():
    planes = torch.zeros(3, leela.NUM_PLANES, 5, 5)
    with_head = trainable.make_network(5, net_config.NetConfig(blocks=1, filters=4, ownership=True))
    without = trainable.make_network(5, net_config.NetConfig(blocks=1, filters=4, ownership=False))
    assert with_head(planes).auxiliary["ownership"].shape == (3, 25)
    assert without(planes).auxiliary == {}


def test_the_start_follows_the_generator():
    def start(seed: int) -> bytes:
        generator = torch.Generator().manual_seed(seed)
        return leela.to_text(resnet.ResNet(4, net_config.NetConfig(blocks=1), generator).export())

    assert start(1) == start(1)
    assert start(1) != start(2)


@pytest.mark.parametrize("heads", net_config.HeadInit)
def test_the_first_answers_are_close_to_uniform_and_even(heads: net_config.HeadInit):
    generator = torch.Generator().manual_seed(1)
    module = resnet.ResNet(9, net_config.NetConfig(heads=heads), generator).train()
    with torch.no_grad():
        outputs = module(torch.from_numpy(networks.random_planes(32, 9)).float())
    policy = functional.softmax(outputs.policy_logits, dim=1)
    assert torch.special.entr(policy).sum(1).mean() > 0.6 * np.log(82)
    assert outputs.value_logit.abs().mean() < 0.5


def test_a_convolutional_policy_starts_with_the_same_rule_at_every_point():
    module = resnet.ResNet(
        5, net_config.NetConfig(blocks=1, filters=8), torch.Generator().manual_seed(1)
    ).eval()
    heads = torch.rand(2, 2, 5, 5, generator=torch.Generator().manual_seed(1))
    logits = module.policy(heads.flatten(1)).detach()[:, :25].reshape(2, 5, 5)
    ratio = logits / (heads[:, 0] - heads[:, 1])
    assert torch.allclose(ratio, ratio[0, 0, 0].expand(2, 5, 5), rtol=1e-4)
    assert float(ratio[0, 0, 0]) > 0


def test_a_pooling_value_head_starts_with_averages():
    module = resnet.ResNet(5, net_config.NetConfig(blocks=1, filters=8), torch.Generator().manual_seed(1))
    weight = module.value_hidden.weight.detach()
    assert torch.allclose(weight.sum(1).abs(), torch.ones(leela.VALUE_HIDDEN), atol=1e-5)
    assert torch.equal(weight.sign(), weight[:, :1].sign().expand_as(weight)), "one sign within a unit"
    assert 0.4 < float((weight[:, 0] > 0).float().mean()) < 0.6
    assert torch.allclose(weight[0], torch.full((25,), 1 / 25), atol=1e-5), "the first pools the whole board"
