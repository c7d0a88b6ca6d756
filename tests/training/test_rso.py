"""RSO: it keeps the best of three, its shortcuts are exact, it learns, and it resumes exactly."""

import copy
import io
import itertools
from pathlib import Path

import numpy as np
import pytest
import torch

from alphazero.config import net as net_config
from alphazero.config import optimizer as optimizer_config
from alphazero.config import replay as replay_config
from alphazero.config import training as training_config
from alphazero.data import replay
from alphazero.data.batch import TrainingBatch
from alphazero.net import resnet
from alphazero.training import checkpoint, learner, losses, rso, trainable
from tests.training import batches, positions

SIZE = 5


def make_config(**settings: object) -> optimizer_config.OptimizerConfig:
    name = optimizer_config.OptimizerName.rso
    return optimizer_config.OptimizerConfig(name=name, **{"rate": 1.0, "weight_decay": 0.0, **settings})


def make_net(filters: int = 4) -> resnet.ResNet:
    config = net_config.NetConfig(blocks=1, filters=filters)
    net = trainable.make_network(SIZE, config, torch.Generator().manual_seed(1))
    assert isinstance(net, resnet.ResNet)
    return net


def make_rso(net: torch.nn.Module, seed: int = 2, **settings: object) -> rso.Rso:
    return rso.Rso(make_config(**settings), net, torch.Generator().manual_seed(seed))


def planes_and_loss(batch: TrainingBatch) -> tuple[torch.Tensor, rso.LossOfOutputs]:
    planes, targets = positions.tensors(batch)
    config = training_config.TrainingConfig()
    return planes, lambda outputs: losses.compute(outputs, targets, config)[0]


def loss_on_batch(net: torch.nn.Module, planes: torch.Tensor, loss_of_outputs: rso.LossOfOutputs) -> float:
    with torch.no_grad():
        return float(loss_of_outputs(copy.deepcopy(net).train()(planes)))


def first_visit(one: rso.Rso, layer: str, name: str) -> int:
    targets = [each.node.target for each in one._layers]
    return next(
        index
        for index, visit in enumerate(one._visits)
        if (targets[visit.layer], visit.name) == (layer, name)
    )


LAYERS = [
    ("auxiliary.maps", "weight"),
    ("policy", "weight"),
    ("value", "bias"),
    ("value_hidden", "weight"),
    ("policy_convolution.norm", "bias"),
    ("policy_convolution.convolution", "weight"),
    ("blocks.0.second.norm", "weight"),
    ("blocks.0.second.convolution", "weight"),
    ("blocks.0.first.norm", "bias"),
    ("blocks.0.first.convolution", "weight"),
    ("input.norm", "weight"),
    ("input.convolution", "weight"),
]


@pytest.mark.parametrize("format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("layer", "name"), LAYERS)
def test_a_visit_keeps_the_best_of_three_networks(layer: str, name: str, format: torch.memory_format):
    """Recomputed with three whole networks for each of three weights in a row."""
    net = make_net().to(memory_format=format)  # type: ignore[call-overload]
    planes, loss_of_outputs = planes_and_loss(batches.make_batch(size=SIZE))
    planes = planes.contiguous(memory_format=format)
    one = make_rso(net, weights_per_step=3)
    one._next_visit = first_visit(one, layer, name)
    draws = torch.randn(3, generator=torch.Generator().manual_seed(2)).tolist()
    slow = copy.deepcopy(net)
    expected = loss_on_batch(slow, planes, loss_of_outputs)
    for visit, draw in zip(one._visits[one._next_visit :], draws, strict=False):
        parameter = f"{one._layers[visit.layer].node.target}.{visit.name}"
        weight = slow.get_parameter(parameter).detach().view(-1)
        change, kept = draw * one._deviations[visit.deviation], float(weight[visit.index])
        best = kept
        for candidate in (kept + change, kept - change):
            weight[visit.index] = candidate
            if (loss := loss_on_batch(slow, planes, loss_of_outputs)) < expected:
                best, expected = candidate, loss
        weight[visit.index] = best
    assert one.step(planes, loss_of_outputs) == pytest.approx(expected, rel=1e-5)
    for ours, theirs in zip(net.parameters(), slow.parameters(), strict=True):
        np.testing.assert_allclose(ours.detach(), theirs.detach(), atol=1e-6)


def test_the_loss_of_a_batch_never_rises():
    net = make_net()
    planes, loss_of_outputs = planes_and_loss(batches.make_batch(size=SIZE))
    one = make_rso(net, weights_per_step=60)
    one._next_visit = first_visit(one, "policy_convolution.norm", "weight")
    series = [loss_on_batch(net, planes, loss_of_outputs)]
    for _ in range(8):
        reported = one.step(planes, loss_of_outputs)
        series.append(loss_on_batch(net, planes, loss_of_outputs))
        assert reported == pytest.approx(series[-1], rel=1e-5)
    assert all(later <= earlier + 1e-6 for earlier, later in itertools.pairwise(series))
    assert series[-1] < 0.95 * series[0]


@pytest.mark.slow
def test_the_loss_falls_on_positions_of_games():
    """Fresh batches of real positions; the loss is measured on other positions."""
    window = replay.ReplayWindow(SIZE, replay_config.ReplayConfig(min_window=1000, max_window=1000))
    for seed in range(30):
        window.add(positions.random_record(seed, size=SIZE))
    rng = np.random.default_rng(1)
    planes, loss_of_outputs = planes_and_loss(window.sample(512, rng))
    net = make_net(filters=8)
    one = make_rso(net, weights_per_step=60)
    # The visits before this one are of 7,000 weights in the heads.
    one._next_visit = first_visit(one, "policy_convolution.norm", "weight")
    before = loss_on_batch(net, planes, loss_of_outputs)
    for _ in range(8):
        one.step(*planes_and_loss(window.sample(256, rng)))
    assert loss_on_batch(net, planes, loss_of_outputs) < before - 0.03


def test_after_the_first_layer_comes_the_last():
    one = make_rso(make_net(), weights_per_step=10)
    one._next_visit = len(one._visits) - 4
    loss = one.step(*planes_and_loss(batches.make_batch(size=SIZE)))
    assert np.isfinite(loss)
    assert (one.rounds, one._next_visit) == (1, 6)


def test_an_output_that_a_weight_does_not_affect_is_the_same_tensor():
    """A loss may cache its results for it."""
    net = make_net()
    planes, loss_of_outputs = planes_and_loss(batches.make_batch(size=SIZE))
    seen = []

    def remember(outputs: resnet.NetOutputs) -> torch.Tensor:
        seen.append(outputs)
        return loss_of_outputs(outputs)

    one = make_rso(net, weights_per_step=2)
    one._next_visit = first_visit(one, "value_hidden", "weight")
    one.step(planes, remember)
    first, *later = seen
    assert len(later) == 4
    assert all(outputs.policy_logits is first.policy_logits for outputs in later)
    assert all(outputs.value_logit is not first.value_logit for outputs in later)


def test_the_learning_rate_scales_the_changes():
    def largest_change(rate: float) -> float:
        net = make_net()
        old = copy.deepcopy(net)
        one = make_rso(net, weights_per_step=30)
        one.param_groups[0]["lr"] = rate
        one.step(*planes_and_loss(batches.make_batch(size=SIZE)))
        pairs = zip(net.parameters(), old.parameters(), strict=True)
        return max(float((new - start).detach().abs().max()) for new, start in pairs)

    assert largest_change(0.0) == 0
    assert 0 < largest_change(0.001) < 0.01


def test_decay_shrinks_the_visited_weights():
    net = make_net()
    old = copy.deepcopy(net)
    one = make_rso(net, weights_per_step=20, weight_decay=0.5)
    one.param_groups[0]["lr"] = 1e-9
    one.step(*planes_and_loss(batches.make_batch(size=SIZE)))
    for visit in one._visits[:20]:
        name = f"{one._layers[visit.layer].node.target}.{visit.name}"
        new, start = (each.get_parameter(name).flatten()[visit.index].item() for each in (net, old))
        assert new == pytest.approx(start / 2, abs=1e-6)


def test_a_state_resumes_bit_for_bit():
    def run(net: resnet.ResNet, one: rso.Rso, seeds: range) -> None:
        for seed in seeds:
            one.step(*planes_and_loss(batches.make_batch(seed, size=SIZE)))

    straight_net = make_net()
    straight = make_rso(straight_net, weights_per_step=40)
    run(straight_net, straight, range(6))
    first_net = make_net()
    first = make_rso(first_net, weights_per_step=40)
    run(first_net, first, range(3))
    file = io.BytesIO()
    torch.save({"net": first_net.state_dict(), "optimizer": first.state_dict()}, file)
    state = torch.load(io.BytesIO(file.getvalue()), weights_only=True)
    second_net = make_net()
    second_net.load_state_dict(state["net"])
    second = make_rso(second_net, seed=99, weights_per_step=40)
    second.load_state_dict(state["optimizer"])
    run(second_net, second, range(3, 6))
    for ours, theirs in zip(
        second_net.state_dict().values(), straight_net.state_dict().values(), strict=True
    ):
        assert torch.equal(ours, theirs)
    assert second.state_dict()["next_visit"] == straight.state_dict()["next_visit"] == 240


def test_a_learner_trains_with_it_and_resumes(tmp_path: Path):
    def make() -> learner.Learner:
        config = batches.make_config()
        config.optimizer = make_config(weights_per_step=20)
        return learner.Learner(config)

    straight, first, second = make(), make(), make()
    series = [batches.make_batch(seed) for seed in range(6)]
    metrics = straight.train(series, progress=0)
    assert metrics[0]["rate"] == pytest.approx(0.2) and metrics[0]["gradient_norm"] == 0
    first.train(series[:3], progress=0)
    checkpoint.Checkpoints(tmp_path, keep=1).save(first.step, first.state())
    state = checkpoint.Checkpoints(tmp_path, keep=1).load_newest()
    assert state is not None
    second.load_state(state)
    second.train(series[3:], progress=0)
    for ours, theirs in zip(second._net.parameters(), straight._net.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_order_and_deviations_are_the_papers():
    one = make_rso(make_net(filters=8))
    assert one._layers[-1].node.target == "input.convolution"
    assert [visit.layer for visit in one._visits] == sorted(visit.layer for visit in one._visits)
    kernel = one._visits[-1].deviation  # of the input's kernel, drawn from N(0, 2 / fan_in)
    assert one._deviations[kernel] == pytest.approx((2 / (18 * 9)) ** 0.5, rel=0.05)
    norm = one._visits[first_visit(one, "input.norm", "weight")].deviation
    assert one._deviations[norm] == 0.167


def test_held_weights_are_not_visited():
    net = make_net()
    held = {int(index) for index in (net.policy.weight.flatten() == 0).nonzero()}
    one = make_rso(net)
    visited = [visit for visit in one._visits if one._layers[visit.layer].node.target == "policy"]
    assert held and not held & {visit.index for visit in visited if visit.name == "weight"}


def test_errors_are_one_line():
    one = make_rso(make_net())
    with pytest.raises(ValueError, match="another network or optimizer"):
        one.load_state_dict({"state": {}, "param_groups": []})
    with pytest.raises(ValueError, match=r"^optimizer=rso: the network has [\d,]+ weights; must be at most"):
        make_rso(trainable.make_network(SIZE, net_config.NetConfig(blocks=8, filters=128)))
