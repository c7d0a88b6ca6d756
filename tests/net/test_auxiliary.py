"""Auxiliary heads: they exist if enabled, learn, and are not written to files."""

import itertools

import pytest
import torch

from alphazero.config import net as net_config
from alphazero.net import leela, resnet
from alphazero.training import trainable
from tests.net import networks

SHAPES = {
    "ownership": (3, 25),
    "score": (3,),
    "reply": (3, 26),
    "soft_policy": (3, 26),
    "short_term": (3, 3),
}


def make_net(*heads: str) -> resnet.ResNet:
    enabled = {name: name in heads for name in SHAPES}
    config = net_config.NetConfig(blocks=1, filters=4, **enabled)
    net = trainable.make_network(5, config, torch.Generator().manual_seed(1))
    assert isinstance(net, resnet.ResNet)
    return net


@pytest.mark.parametrize(
    "heads", [heads for count in range(6) for heads in itertools.combinations(SHAPES, count)]
)
def test_each_head_answers_alone_and_beside_others(heads: tuple[str, ...]):
    net = make_net(*heads).eval()
    answers = net(torch.from_numpy(networks.random_planes(3, size=5)).float()).auxiliary
    assert set(answers) == set(heads)
    for head, answer in answers.items():
        assert (answer.shape, answer.dtype) == (SHAPES[head], torch.float32)


def test_every_parameter_gets_a_gradient_from_its_own_head_only():
    net = make_net(*SHAPES).train()
    planes = torch.from_numpy(networks.random_planes(3, size=5)).float()
    outputs = net(planes)
    for answer in outputs.auxiliary.values():
        answer.square().sum().backward(retain_graph=True)
    assert net.auxiliary is not None
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.auxiliary.parameters())
    net.zero_grad()
    net(planes).auxiliary["reply"].square().sum().backward()
    assert net.auxiliary.maps is not None
    gradient = net.auxiliary.maps.weight.grad
    assert gradient is not None
    assert [bool(row.abs().max() > 0) for row in gradient] == [False, True, False]


def test_files_do_not_contain_the_heads():
    plain, rich = make_net(), make_net(*SHAPES)
    rich.load_state_dict(plain.state_dict(), strict=False)
    assert leela.to_text(rich.export()) == leela.to_text(plain.export())
