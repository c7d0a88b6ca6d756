"""Training of KataGo's family: targets, every optimizer, both trunks, sizes, starts and checkpoints."""

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from alphazero.config import compose, schema
from alphazero.config import net as net_config
from alphazero.config import optimizer as optimizer_config
from alphazero.config import training as training_config
from alphazero.data import rows as data_rows
from alphazero.data import targets as game_targets
from alphazero.go import input_families
from alphazero.net import leela, operations, resnet
from alphazero.net import weights as network_weights
from alphazero.net.katago import model, network, numpy_forward, reader, rectified
from alphazero.training import (
    batch_norms,
    checkpoint,
    learner,
    losses,
    muon,
    roofline,
    trainable,
    weight_tensors,
)
from tests.net import networks
from tests.net.katago import torch_nets
from tests.training import batches

TRUNKS = list(net_config.Trunk)
Name = optimizer_config.OptimizerName


def katago_weights(one: learner.Learner) -> model.Model:
    weights = one.candidate()
    assert isinstance(weights, model.Model)
    return weights


def write_start(weights: model.Model, config: schema.Config, folder: Path) -> None:
    """Makes a file of `weights` the start of runs with `config`."""
    config.init.weights = str(folder / "start.bin.gz")
    network_weights.write(weights, config.init.weights)


def arrays(state: dict[str, object]) -> list[torch.Tensor]:
    """All tensors in a state."""
    if isinstance(state, torch.Tensor):
        return [state]
    parts = state.values() if isinstance(state, dict) else state if isinstance(state, list) else ()
    return [tensor for part in parts for tensor in arrays(part)]  # type: ignore[arg-type]


@pytest.mark.parametrize("trunk", TRUNKS)
def test_a_small_batch_is_learned(trunk: net_config.Trunk):
    one = learner.Learner(batches.make_katago_config(trunk))
    found = one.train([batches.make_katago_batch()] * 60, progress=0)
    assert found[-1]["policy_kl"] < 0.3 * found[0]["policy_kl"]
    assert found[-1]["value_mse"] < 0.2 * found[0]["value_mse"]
    for name in ("ownership_loss", "score_loss", "lead_loss"):
        assert found[-1][name] < 0.6 * found[0][name], name
    metrics = one.evaluate([batches.make_katago_batch()])
    assert metrics.keys() >= {"ownership_loss", "score_loss", "score_deviation_loss", "lead_loss"}


@pytest.mark.parametrize("name", list(Name))
def test_each_optimizer_lowers_the_loss_and_leaves_slow_inputs_alone(name: Name):
    """The batch has random ladders and areas, so that gradients would reach their kernels."""
    config = batches.make_katago_config()
    config.optimizer = compose.compose([f"optimizer={name.value}"]).optimizer
    config.optimizer.weights_per_step = 30
    config.schedule.warmup_steps = 0
    one = learner.Learner(config)
    found = one.train([batches.make_katago_batch()] * 25, progress=0)
    assert found[-1]["loss"] < (1 if name is Name.rso else 0.98) * found[0]["loss"]
    kernel = one._net.get_parameter("input.convolution.weight")
    assert not kernel[:, 14:20].any() and (kernel[:, :14] != 0).all() and (kernel[:, 20:] != 0).all()
    assert not katago_weights(one).input_convolution.kernel[:, 14:20].any()


def test_muon_takes_the_kernels_of_the_blocks():
    net = network.KataNet(torch_nets.make_config(filters=16), torch.Generator().manual_seed(1))
    one = muon.Muon(compose.compose(["optimizer=muon"]).optimizer, net)
    matrices = [tuple(parameter.shape) for parameter in one.param_groups[0]["params"]]
    assert matrices == [(16, 144), (16, 144), (16, 144), (16, 72)]


@pytest.mark.parametrize("trunk", TRUNKS)
def test_a_resumed_run_equals_an_uninterrupted_one(trunk: net_config.Trunk, tmp_path: Path):
    series = [batches.make_katago_batch(seed) for seed in range(20)]
    straight, first, second = (learner.Learner(batches.make_katago_config(trunk)) for _ in range(3))
    straight.train(series, progress=0)
    first.train(series[:10], progress=0)
    checkpoint.Checkpoints(tmp_path, keep=1).save(first.step, first.state())
    state = checkpoint.Checkpoints(tmp_path, keep=1).load_newest()
    assert state is not None
    second.load_state(state)
    second.train(series[10:], progress=0)
    for ours, theirs in zip(arrays(second.state()), arrays(straight.state()), strict=True):
        assert torch.equal(ours, theirs)
    ours, theirs = (weight_tensors.tensors_of(one.candidate()) for one in (second, straight))
    for mine, other in zip(arrays(ours), arrays(theirs), strict=True):
        assert torch.equal(mine, other)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_a_candidate_has_the_answers_of_the_ema_network(trunk: net_config.Trunk):
    one = learner.Learner(batches.make_katago_config(trunk))
    one.train([batches.make_katago_batch(seed) for seed in range(10)], progress=0)
    weights = katago_weights(one)
    assert (rectified.detect(weights) is None) is (trunk is net_config.Trunk.pre)
    planes, globals = torch_nets.random_inputs(5, 6)
    with torch.inference_mode():
        outputs = one._ema(torch.from_numpy(planes).float(), torch.from_numpy(globals))
    found = numpy_forward.forward(weights, planes, globals)
    np.testing.assert_allclose(found.logits, outputs.policy_logits.numpy(), atol=1e-5)
    np.testing.assert_allclose(found.lead, outputs.auxiliary["lead"].numpy(), atol=1e-4)


def test_batches_of_several_sizes_train_one_network():
    one = learner.Learner(batches.make_katago_config())
    series = [batches.make_katago_batch(size=size) for size in (4, 5, 7)] * 15
    found = one.train(series, progress=0)
    assert all(found[-index]["loss"] < 0.9 * found[3 - index]["loss"] for index in (1, 2, 3))
    assert katago_weights(one).filters == 8


def test_targets_of_score_deviation_and_lead_by_hand():
    """The deviation learns the error of the score; neither moves the score by it."""
    score = torch.tensor([10.0, -4.0], requires_grad=True)
    deviation = torch.tensor([3.0, 1.0], requires_grad=True)
    outputs = resnet.NetOutputs(
        policy_logits=torch.zeros(2, 5),
        value_logit=torch.zeros(2),
        auxiliary={"score": score, "score_deviation": deviation, "lead": torch.tensor([6.0, 6.0])},
    )
    targets = losses.LossTargets(
        policy=torch.full((2, 5), 0.2),
        value=torch.zeros(2),
        weight=torch.ones(2),
        auxiliary={"score": torch.tensor([6.0, 6.0])},
    )
    config = training_config.TrainingConfig(score_weight=0.5)
    loss, metrics = losses.compute(outputs, targets, config)
    assert float(metrics["score_loss"]) == pytest.approx((0.5 * 4**2 + 0.5 * 10**2) / 2)
    assert float(metrics["score_deviation_loss"]) == pytest.approx((0.5 * 1**2 + 0.5 * 9**2) / 2)
    assert float(metrics["lead_loss"]) == 0
    loss.backward()
    assert score.grad is not None and deviation.grad is not None
    assert score.grad.tolist() == pytest.approx([0.5 * 4 / 2, 0.5 * -10 / 2])
    assert deviation.grad.tolist() == pytest.approx([0.5 * -1 / 2, 0.5 * -9 / 2])


def test_owners_and_score_are_learned_whatever_the_switches_say():
    off = net_config.NetConfig(family=net_config.Family.katago, ownership=False, score=False, reply=True)
    assert [target.name for target in game_targets.enabled(off)] == [
        *("ownership", "score", "reply", "score_deviation", "lead")
    ]
    assert [target.name for target in game_targets.unexported(off)] == ["reply"]
    assert game_targets.fields_of(off) == {"ownership", "score", "reply"}


def test_data_without_owners_and_scores_train_the_other_heads():
    """SGF files have neither. Their heads stay, and every parameter gets a gradient, as ranks require."""
    one = learner.Learner(batches.make_katago_config())
    bare = batches.make_katago_batch()._replace(auxiliary={})
    found = one.train([bare] * 30, progress=0)
    assert found[-1]["policy_kl"] < 0.7 * found[0]["policy_kl"]
    assert not {name for name in found[0] if name.startswith(("owner", "score", "lead"))}
    assert all(parameter.grad is not None for parameter in one._net.parameters())
    config = batches.make_katago_config()
    config.net.reply = True
    with pytest.raises(ValueError, match=r"^net\.reply=true: these positions have no targets"):
        learner.Learner(config).train([bare], progress=0)


@pytest.mark.parametrize("name", ["g170-b6c96", "nbt-v15"])
def test_a_network_of_katago_starts_a_run(name: str, shared_data: Path):
    """Before the first step it answers as its file does; then the loss falls from there."""
    path = shared_data / f"katago/{name}.bin.gz"
    weights = reader.read(path)
    config = batches.make_katago_config(net_config.Trunk.pre)
    config.net.blocks, config.net.filters = len(weights.blocks), weights.filters
    config.net.inputs, config.init.weights = net_config.InputSet.full, str(path)
    learner.check_start(config)
    one = learner.Learner(config)
    planes, globals = torch_nets.random_inputs(3, 9)
    expected = numpy_forward.forward(weights, planes, globals)
    found = numpy_forward.forward(katago_weights(one), planes, globals)
    np.testing.assert_allclose(found.logits, expected.logits, atol=1e-3)
    np.testing.assert_allclose(found.lead, expected.lead, atol=1e-3)
    metrics = one.train([batches.make_katago_batch()] * 12, progress=0)
    assert metrics[-1]["loss"] < 0.9 * metrics[0]["loss"]


@pytest.mark.parametrize("trunk", TRUNKS)
def test_the_statistics_of_a_start_are_those_of_the_first_batch(trunk: net_config.Trunk):
    """Its answers stay, and normalising by this batch instead gives the same ones."""
    config = torch_nets.make_config(trunk)
    net = network.KataNet(config)
    net.load_weights(torch_nets.random_net(config).export())
    inputs = tuple(torch.from_numpy(array).float() for array in torch_nets.random_inputs(8, 7))
    with torch.no_grad():
        before = net.eval()(*inputs)
        batch_norms.adapt(net, inputs, lambda tensors: None)
        after = net.eval()(*inputs)
        training = net.train()(*inputs)
    for ours, theirs, bound in ((after, before, 1e-4), (training, before, 1e-3)):
        for name in ("ownership", "score", "lead"):
            np.testing.assert_allclose(ours.auxiliary[name], theirs.auxiliary[name], atol=bound)
        np.testing.assert_allclose(ours.policy_logits, theirs.policy_logits, atol=bound)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_a_run_continues_from_its_own_file(trunk: net_config.Trunk, tmp_path: Path):
    first = learner.Learner(batches.make_katago_config(trunk))
    batch = batches.make_katago_batch(batch=64)
    first.train([batch] * 60, progress=0)
    weights = katago_weights(first)
    config = batches.make_katago_config(trunk)
    write_start(weights, config, tmp_path)
    second = learner.Learner(config)
    assert second.evaluate([batch])["loss"] == pytest.approx(first.evaluate([batch])["loss"], rel=1e-3)
    start = second.train([batch], progress=0)[0]["loss"]
    assert start == pytest.approx(first.evaluate([batch])["loss"], rel=0.05)


def test_a_start_of_the_other_family_is_refused_in_one_line(tmp_path: Path):
    config = batches.make_config()
    write_start(torch_nets.random_net(torch_nets.make_config()).export(), config, tmp_path)
    with pytest.raises(ValueError, match=r"^init\.weights=.*start\.bin\.gz: weights are of KataGo's family"):
        learner.check_start(config)
    path = tmp_path / "start.txt.gz"
    leela.write(networks.random_weights(size=batches.SIZE), path)
    config = batches.make_katago_config()
    config.init.weights = str(path)
    with pytest.raises(ValueError, match=r"weights are of Leela Zero's family; the network is of KataGo's$"):
        learner.check_start(config)


@pytest.mark.parametrize("trunk", TRUNKS)
def test_weights_pass_through_a_checkpoint(trunk: net_config.Trunk):
    weights = torch_nets.random_net(torch_nets.make_config(trunk)).export()
    file = io.BytesIO()
    torch.save(weight_tensors.tensors_of(weights), file)
    again = weight_tensors.weights_of(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    assert isinstance(again, model.Model)
    assert (again.label, again.version, again.multipliers) == (
        weights.label,
        weights.version,
        weights.multipliers,
    )
    inputs = torch_nets.random_inputs(2, 5)
    ours, theirs = (numpy_forward.forward(each, *inputs) for each in (again, weights))
    assert all(np.array_equal(mine, other) for mine, other in zip(ours, theirs, strict=True))


def test_read_only_batches_and_bf16_train():
    batch = batches.make_katago_batch()
    for array in data_rows.arrays(batch).values():
        array.flags.writeable = False
    one = learner.Learner(batches.make_katago_config(precision=training_config.Precision.bf16))
    found = one.train([batch] * 40, progress=0)
    assert found[-1]["loss"] < 0.7 * found[0]["loss"]


def test_a_bare_step_trains_all_heads():
    step = roofline.BareStep(batches.make_katago_config(), batches.make_katago_batch())
    before = [parameter.detach().clone() for parameter in step._net.parameters()]
    assert step.step() == 16
    assert all(not torch.equal(old, new) for old, new in zip(before, step._net.parameters(), strict=True))


def test_moves_on_stones_are_known_for_both_families():
    planes = torch.zeros(1, input_families.KATAGO.num_planes, 2, 2)
    planes[0, 0] = 1  # on the board
    planes[0, 1, 0, 0] = planes[0, 2, 1, 0] = planes[0, 3, 1, 1] = 1
    assert losses.free_moves(planes).tolist() == [[False, True, False, True, True]]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on a CPU")
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # raised by torch itself
def test_a_compiled_step_equals_an_eager_one():
    series = [batches.make_katago_batch(seed) for seed in range(4)]
    configs = (batches.make_katago_config(compile=choice) for choice in (False, True))
    eager, compiled = map(learner.Learner, configs)
    ours, theirs = compiled.train(series, progress=0), eager.train(series, progress=0)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine["loss"] == pytest.approx(other["loss"], rel=1e-3)


def test_operations_count_the_convolutions():
    """Recomputed from the kernels of a network: two operations for each weight and point."""
    config = torch_nets.make_config(blocks=3, filters=24)
    net = trainable.make_network(9, config)
    kernels = [p for name, p in net.named_parameters() if p.ndim == 4 and p.shape[2] == 3]
    assert operations.evaluation_operations(config, 9) == 2 * 81 * sum(p.numel() for p in kernels)
