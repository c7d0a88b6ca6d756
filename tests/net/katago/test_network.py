"""The torch network of KataGo's family: its file's answers, its gradients, and networks of others."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from alphazero.config import net as net_config
from alphazero.net import resnet
from alphazero.net.katago import model, network, numpy_forward, reader, rectified
from alphazero.training import trainable
from tests.net.katago import torch_nets

TRUNKS = list(net_config.Trunk)
SIZES = [5, 7, 9, 13]
ANSWERS = ("logits", "value", "ownership", "score_mean", "score_deviation", "lead")


def answers(net: network.KataNet, planes: np.ndarray, globals: np.ndarray) -> dict[str, np.ndarray]:
    with torch.inference_mode():
        outputs = net.eval()(torch.from_numpy(planes).float(), torch.from_numpy(globals))
    others = outputs.auxiliary
    found = (
        outputs.policy_logits,
        torch.tanh(outputs.value_logit),
        2 * torch.sigmoid(others["ownership"]) - 1,
        others["score"],
        others["score_deviation"],
        others["lead"],
    )
    return {name: tensor.numpy() for name, tensor in zip(ANSWERS, found, strict=True)}


def file_answers(weights: model.Model, planes: np.ndarray, globals: np.ndarray) -> dict[str, np.ndarray]:
    """In float64. The value is that of games with a result."""
    found = numpy_forward.forward(weights, planes, globals)
    value = np.tanh((found.outcome[:, 0] - found.outcome[:, 1]) / 2)
    named = {name: getattr(found, name) for name in ANSWERS if name != "value"}
    return {"value": value, **named}


def assert_same(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray], bound: float = 1e-5) -> None:
    for name in ANSWERS:
        scale = max(1.0, float(np.abs(theirs[name]).max()))
        np.testing.assert_allclose(ours[name], theirs[name], rtol=0, atol=bound * scale, err_msg=name)


def oracle(shared_data: Path, name: str) -> model.Model:
    return reader.read(shared_data / f"katago/{name}.bin.gz")


FOREIGN = {  # settings that fit the network
    "g170-b6c96": {"blocks": 6, "filters": 96},
    "b2c16-v11": {"blocks": 2, "filters": 16},
    "b4c32-v14": {"blocks": 4, "filters": 32},
    "nbt-v15": {},
}


def foreign_config(weights: model.Model) -> net_config.NetConfig:
    return torch_nets.make_config(
        net_config.Trunk.pre,
        inputs=net_config.InputSet.full,
        blocks=len(weights.blocks),
        filters=weights.filters,
    )


@pytest.mark.parametrize("trunk", TRUNKS)
@pytest.mark.parametrize("size", SIZES)
def test_the_file_computes_the_same_on_every_size(size: int, trunk: net_config.Trunk):
    net = torch_nets.random_net(torch_nets.make_config(trunk, blocks=3))
    inputs = torch_nets.random_inputs(4, size)
    ours = answers(net, *inputs)
    assert ours["logits"].shape == (4, size * size + 1) and ours["ownership"].shape == (4, size * size)
    for name in ANSWERS:
        assert ours[name].std() > 1e-3, name
    assert_same(ours, file_answers(net.export(), *inputs))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [0.1, 4.0])
def test_torch_trunk_and_file_agree_for_biases_of_any_sign(seed: int, scale: float):
    net = torch_nets.random_net(torch_nets.make_config(blocks=4), seed, scale)
    weights = net.export()
    trunk = rectified.detect(weights)
    assert trunk is not None
    assert all(block.bias.min() < 0 < block.bias.max() for block in trunk.blocks)
    assert [block.pooling is not None for block in trunk.blocks] == [False, True, False, True]
    inputs = torch_nets.random_inputs(3, 9, seed)
    assert_same(answers(net, *inputs), file_answers(weights, *inputs))
    again = network.KataNet(torch_nets.make_config(blocks=4))
    again.load_weights(weights)
    assert_same(answers(again, *inputs), file_answers(weights, *inputs))


@pytest.mark.parametrize("trunk", TRUNKS)
def test_a_loaded_network_exports_what_it_loaded(trunk: net_config.Trunk):
    config = torch_nets.make_config(trunk, blocks=3)
    weights = torch_nets.random_net(config).export()
    again = network.KataNet(config, start=weights)
    again.load_weights(weights)
    inputs = torch_nets.random_inputs(3, 7)
    assert_same(file_answers(again.eval().export(), *inputs), file_answers(weights, *inputs))


@pytest.mark.parametrize("name", FOREIGN)
def test_a_network_of_katago_computes_and_exports_the_same(name: str, shared_data: Path):
    weights = oracle(shared_data, name)
    net = network.KataNet(foreign_config(weights), start=weights)
    net.load_weights(weights)
    inputs = torch_nets.random_inputs(2, 9)
    expected = file_answers(weights, *inputs)
    assert_same(answers(net, *inputs), expected)
    again = net.export()
    assert_same(file_answers(again, *inputs), expected)
    assert (again.version, again.multipliers) == (weights.version, weights.multipliers)
    ours, theirs = (numpy_forward.forward(each, *inputs).outcome for each in (again, weights))
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine - mine[0], other - other[0], atol=1e-4)
    assert again.value.scores.weight.shape == weights.value.scores.weight.shape
    np.testing.assert_array_equal(again.value.scores.weight[3:], weights.value.scores.weight[3:])


def test_a_network_that_does_not_fit_is_refused_in_one_line(shared_data: Path):
    weights = oracle(shared_data, "g170-b6c96")
    cases = [
        (
            torch_nets.make_config(net_config.Trunk.post, blocks=6, filters=96),
            "weights are kata-b6c96 with net.trunk=pre",
        ),
        (torch_nets.make_config(net_config.Trunk.pre, blocks=5, filters=96), "the network is kata-b5c96"),
        (torch_nets.make_config(net_config.Trunk.pre, blocks=6, filters=96), "needs net.inputs=full"),
    ]
    for config, expected in cases:
        with pytest.raises(ValueError, match=expected) as caught:
            network.KataNet(config, start=weights)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="other channel numbers"):
        network.KataNet(foreign_config(weights)).load_weights(weights)
    nested = dataclasses.replace(
        oracle(shared_data, "nbt-v15"), tip=weights.tip._replace(activation=model.Activation.identity)
    )
    with pytest.raises(ValueError, match="mix activation functions"):
        network.KataNet(foreign_config(nested), start=nested)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_gradients_reach_every_parameter(trunk: net_config.Trunk):
    heads = torch_nets.make_config(trunk, blocks=3, reply=True, soft_policy=True, short_term=True)
    config = dataclasses.replace(heads, inputs=net_config.InputSet.full)
    net = trainable.make_network(7, config, torch.Generator().manual_seed(1)).train()
    planes, globals = torch_nets.random_inputs(8, 7)
    outputs = net(torch.from_numpy(planes).float(), torch.from_numpy(globals))
    assert list(outputs.auxiliary) == [
        *("ownership", "score", "score_deviation", "lead"),
        *("reply", "soft_policy", "short_term"),
    ]
    parts = [outputs.policy_logits, outputs.value_logit, *outputs.auxiliary.values()]
    torch.stack([part.square().sum() for part in parts]).sum().backward()
    for name, parameter in net.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("trunk", TRUNKS)
def test_the_first_answers_are_close_to_uniform_even_and_neutral(trunk: net_config.Trunk):
    config = torch_nets.make_config(trunk, blocks=4, filters=32)
    net = network.KataNet(config, torch.Generator().manual_seed(1)).train()
    planes, globals = torch_nets.random_inputs(32, 9)
    with torch.no_grad():
        outputs = net(torch.from_numpy(planes).float(), torch.from_numpy(globals))
    policy = functional.softmax(outputs.policy_logits, dim=1)
    assert torch.special.entr(policy).sum(1).mean() > 0.9 * np.log(82)
    assert outputs.value_logit.abs().mean() < 0.2
    for name in ("ownership", "score", "lead"):
        assert outputs.auxiliary[name].abs().max() < 0.2, name


def test_the_start_follows_the_generator():
    def start(seed: int) -> np.ndarray:
        net = network.KataNet(torch_nets.make_config(), torch.Generator().manual_seed(seed))
        return net.export().input_convolution.kernel

    assert np.array_equal(start(1), start(1))
    assert not np.array_equal(start(1), start(2))


@pytest.mark.parametrize("trunk", TRUNKS)
def test_fast_networks_do_not_read_ladders_and_areas(trunk: net_config.Trunk):
    planes, globals = torch_nets.random_inputs(4, 7)
    other = planes.copy()
    other[:, 14:20] = 1 - other[:, 14:20]
    for inputs, is_fast in ((net_config.InputSet.fast, True), (net_config.InputSet.full, False)):
        net = torch_nets.random_net(torch_nets.make_config(trunk, inputs=inputs))
        assert net.is_fast is is_fast
        kernel = net.export().input_convolution.kernel
        assert kernel[:, 14:20].any() != is_fast and kernel[:, [*range(14), 20, 21]].any()
        ours, theirs = answers(net, planes, globals), answers(net, other, globals)
        assert np.array_equal(ours["logits"], theirs["logits"]) is is_fast


def test_global_inputs_are_read():
    net = torch_nets.random_net(torch_nets.make_config())
    planes, globals = torch_nets.random_inputs(4, 7)
    assert not np.allclose(answers(net, planes, globals)["value"], answers(net, planes, -globals)["value"])


def test_settings_of_the_other_family_are_refused_in_one_line():
    with pytest.raises(ValueError, match=r"^net\.heads=plain: must be convolution with net\.family=katago$"):
        torch_nets.make_config(heads=net_config.HeadInit.plain)
    with pytest.raises(ValueError, match=r"^net\.trunk=pre: must be post with net\.family=leela$"):
        net_config.NetConfig(trunk=net_config.Trunk.pre)
    with pytest.raises(ValueError, match=r"^net\.inputs=full: must be fast with net\.family=leela$"):
        net_config.NetConfig(inputs=net_config.InputSet.full)


def test_the_family_decides_the_class():
    assert isinstance(trainable.make_network(5, torch_nets.make_config()), network.KataNet)
    assert isinstance(trainable.make_network(5, net_config.NetConfig()), resnet.ResNet)
