"""The learner learns, averages, rejects bad input, and resumes exactly where it stopped."""

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from alphazero.config import net as net_config
from alphazero.config import optimizer as optimizer_config
from alphazero.config import training as training_config
from alphazero.data import rows as data_rows
from alphazero.go import input_families
from alphazero.net import leela, numpy_forward, resnet
from alphazero.net import weights as network_weights
from alphazero.training import checkpoint, learner, optimizers
from tests.net import networks
from tests.training import batches, fake_gpu


def numbers(one: learner.Learner) -> list[np.ndarray]:
    """All arrays in a state."""
    state = one.state()
    tensors = [*state["net"].values(), *state["averaged"].values()]
    for moments in state["optimizer"]["state"].values():
        tensors += moments.values()
    return [tensor.numpy() for tensor in tensors]


def leela_weights(one: learner.Learner) -> leela.Weights:
    weights = one.candidate()
    assert isinstance(weights, leela.Weights)
    return weights


def test_the_loss_falls():
    one = learner.Learner(batches.make_config())
    batch = batches.make_batch()
    metrics = one.train([batch] * 40, progress=0)
    assert metrics[-1]["policy_kl"] < 0.5 * metrics[0]["policy_kl"]
    assert metrics[-1]["value_mse"] < 0.3 * metrics[0]["value_mse"]
    assert metrics[-1]["ownership_loss"] < 0.9 * metrics[0]["ownership_loss"]
    assert (one.step, one.samples) == (40, 40 * 16)


def test_the_first_candidate_needs_no_optimizer(monkeypatch: pytest.MonkeyPatch):
    """Self-play waits for it, and torch takes more than a second to prepare optimizers."""
    monkeypatch.delattr(optimizers, "make")
    assert leela_weights(learner.Learner(batches.make_config())).size == batches.SIZE


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path):
    series = [batches.make_batch(seed) for seed in range(50)]
    straight = learner.Learner(batches.make_config())
    for batch in series:
        straight.train([batch], progress=0)
    first = learner.Learner(batches.make_config())
    for batch in series[:25]:
        first.train([batch], progress=0)
    checkpoint.Checkpoints(tmp_path, keep=1).save(first.step, first.state())
    other = batches.make_config()
    other.run.seed = 2  # settings that are not in the state must not matter
    second = learner.Learner(other)
    state = checkpoint.Checkpoints(tmp_path, keep=1).load_newest()
    assert state is not None
    second.load_state(state)
    for batch in series[25:]:
        second.train([batch], progress=0)
    assert (second.step, second.samples) == (straight.step, straight.samples)
    for ours, theirs in zip(numbers(second), numbers(straight), strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert leela.to_text(leela_weights(second)) == leela.to_text(leela_weights(straight))


def test_a_state_is_a_copy():
    one = learner.Learner(batches.make_config())
    one.train([batches.make_batch()], progress=0)
    state = one.state()
    kept = state["net"]["policy.weight"].clone()
    moment = state["optimizer"]["state"][0]["exp_avg"].clone()
    other = learner.Learner(batches.make_config())
    other.load_state(state)
    for each in (one, other):
        each.train([batches.make_batch()], progress=0)
    assert torch.equal(state["net"]["policy.weight"], kept)
    assert torch.equal(state["optimizer"]["state"][0]["exp_avg"], moment)


def test_nothing_on_a_gpu_leaves_a_learner():
    """A learner's results are sent to processes on machines without a GPU."""
    one = learner.Learner(batches.make_config())
    sent: list[object] = [one.train([batches.make_batch()] * 2, progress=0)]
    fake_gpu.move(one._net)
    fake_gpu.move(one._ema)
    assert isinstance(one._optimizer, torch.optim.Optimizer)
    for moments in one._optimizer.state.values():
        moments.update({key: value.as_subclass(fake_gpu.GpuTensor) for key, value in moments.items()})
    sent += [one.candidate(), one.evaluate([batches.make_batch()])]
    moved = [[tensor.as_subclass(fake_gpu.GpuTensor) for tensor in packed] for packed in one._recent]
    one._recent.extend(learner.DeviceInputs(*tensors) for tensors in moved)
    for kept in (one._net.state_dict(), one._optimizer.state_dict(), one._recent):
        with pytest.raises(RuntimeError, match="about to leave"):
            pickle.dumps(kept)
    sent.append(one.state())
    assert all(pickle.dumps(each) for each in sent)


def test_a_state_of_another_network_is_refused():
    wide = batches.make_config()
    wide.net.filters = 16
    with pytest.raises(ValueError, match="the checkpoint belongs to another network") as caught:
        learner.Learner(wide).load_state(learner.Learner(batches.make_config()).state())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", ["policy", "value", "score", "weight"])
def test_a_loss_that_is_not_a_number_is_reported_with_its_step(field: str):
    config = batches.make_config()
    config.net.score = True
    one = learner.Learner(config)
    one.train([batches.make_batch()], progress=0)
    batch = batches.make_batch(2)
    data_rows.arrays(batch)[field][0] = np.nan
    with pytest.raises(FloatingPointError, match=r"^training step 3: loss nan"):
        one.train([batches.make_batch(3), batch], progress=0)


def test_a_head_without_its_targets_is_refused_in_one_line():
    one = learner.Learner(batches.make_config())
    with pytest.raises(ValueError, match=r"^net\.ownership=true: these positions have no targets"):
        one.train([batches.make_batch()._replace(auxiliary={})], progress=0)


@pytest.mark.parametrize("share", [0.0, 0.25])
def test_the_ema_network_is_the_formula(share: float):
    """It starts with the parameters after the first step, then averages old and new ones."""
    one = learner.Learner(batches.make_config(average_decay=0.5, average_share=share))
    expected: dict[str, np.ndarray] = {}
    for step in range(1, 15):
        one.train([batches.make_batch(step)], progress=0)
        longest = max(0.5, 1 - 1 / (share * step)) if share * step > 1 else 0.5
        decay = min(longest, step / (step + 10)) if step > 1 else 0.0
        for name, tensor in one.state()["net"].items():
            expected[name] = decay * expected.get(name, 0.0) + (1 - decay) * tensor.numpy()
    ema = one.state()["averaged"]
    for name in ("policy.weight", "input.norm.weight", "value.bias"):
        np.testing.assert_allclose(ema[f"module.{name}"].numpy(), expected[name], atol=1e-6, err_msg=name)
    np.testing.assert_allclose(leela_weights(one).policy.weight, expected["policy.weight"], atol=1e-6)


def test_a_candidate_has_the_statistics_of_its_own_activations():
    """For the first layer they are means and variances over the newest batches, here computed in numpy."""
    one = learner.Learner(batches.make_config())
    series = [batches.make_batch(seed) for seed in range(12)]
    one.train(series, progress=0)
    candidate = leela_weights(one)
    net = one._ema_net
    assert isinstance(net, resnet.ResNet)
    planes = np.concatenate(
        [input_families.LEELA.unpack(batch.planes, batches.SIZE) for batch in series[-8:]]
    )
    with torch.no_grad():
        activations = net.input.convolution(torch.from_numpy(planes).float()).numpy()
    # Equal batches: the mean of their variances, each with Bessel's correction, as torch computes them.
    parts = np.split(activations, 8)
    variance = np.mean([part.var(axis=(0, 2, 3), ddof=1) for part in parts], axis=0)
    gamma = net.input.norm.weight.detach().numpy()
    np.testing.assert_allclose(candidate.tower[0].mean, gamma * activations.mean(axis=(0, 2, 3)), atol=1e-5)
    np.testing.assert_allclose(candidate.tower[0].variance, variance, atol=1e-5)


def test_the_learning_rate_follows_the_schedule():
    config = batches.make_config()
    config.schedule.final_fraction = 0.0
    one = learner.Learner(config)
    assert one.train([batches.make_batch()], progress=0)[0]["rate"] == pytest.approx(
        config.optimizer.rate / 5
    )
    before = one.state()["net"]["policy.weight"]
    assert one.train([batches.make_batch()], progress=1)[0]["rate"] == 0
    assert torch.equal(one.state()["net"]["policy.weight"], before)


def test_a_candidate_has_the_outputs_of_the_ema_network():
    one = learner.Learner(batches.make_config())
    for step in range(5):
        one.train([batches.make_batch(step)], progress=0)
    planes = input_families.LEELA.unpack(batches.make_batch(9).planes, batches.SIZE)
    text = leela.to_text(leela_weights(one))
    with torch.inference_mode():
        outputs = one._ema(torch.from_numpy(planes).float())
    logits, values = numpy_forward.forward(text, planes)
    np.testing.assert_allclose(logits, outputs.policy_logits.numpy(), atol=1e-4)
    np.testing.assert_allclose(values, np.tanh(outputs.value_logit.numpy()), atol=1e-5)


def test_the_gradient_is_clipped_but_reported_whole():
    def change(clip: float) -> tuple[float, float]:
        config = batches.make_config(gradient_clip=clip)
        config.optimizer = optimizer_config.OptimizerConfig(
            name=optimizer_config.OptimizerName.sgd, rate=1.0, weight_decay=0, momentum=0
        )
        config.schedule.warmup_steps = 0
        one = learner.Learner(config)
        before = torch.cat([p.detach().flatten().clone() for p in one._net.parameters()])
        norm = one.train([batches.make_batch()], progress=0)[0]["gradient_norm"]
        after = torch.cat([p.detach().flatten() for p in one._net.parameters()])
        return norm, float((after - before).norm())

    norm, moved = change(100.0)
    assert moved == pytest.approx(norm, rel=1e-3)
    clipped_norm, clipped_moved = change(0.01)
    assert clipped_norm == pytest.approx(norm, rel=1e-5)
    assert clipped_moved == pytest.approx(0.01, rel=1e-2)


def test_a_run_can_start_from_a_file(tmp_path: Path):
    weights = networks.random_weights(size=batches.SIZE, blocks=1, filters=8)
    leela.write(weights, tmp_path / "start.txt.gz")
    config = batches.make_config()
    config.init.weights = str(tmp_path / "start.txt.gz")
    ours = networks.arrays(leela_weights(learner.Learner(config)))
    for mine, theirs in zip(ours, networks.arrays(weights), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("content", [None, "7\n", "wrong shape"])
def test_a_start_that_does_not_fit_is_refused_in_one_line(content: str | None, tmp_path: Path):
    path = tmp_path / "start.txt"
    config = batches.make_config()
    config.init.weights = str(path)
    if content == "wrong shape":
        leela.write(networks.random_weights(size=5, blocks=2, filters=8), path)
    elif content is not None:
        path.write_text(content)
    for refuse in (learner.check_start, learner.Learner):
        with pytest.raises(ValueError, match=r"^init\.weights=.*start\.txt: ") as caught:
            refuse(config)
        assert "\n" not in str(caught.value)


def test_read_only_batches_and_bf16_train():
    batch = batches.make_batch()
    for array in data_rows.arrays(batch).values():
        array.flags.writeable = False
    one = learner.Learner(batches.make_config(precision=training_config.Precision.bf16))
    metrics = one.train([batch] * 40, progress=0)
    assert metrics[-1]["loss"] < 0.8 * metrics[0]["loss"]
    assert all(p.dtype == torch.float32 for p in one._net.parameters())


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler on a CPU")
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # raised by torch itself
def test_a_compiled_step_equals_an_eager_one():
    series = [batches.make_batch(seed) for seed in range(4)]
    eager, compiled = (learner.Learner(batches.make_config(compile=choice)) for choice in (False, True))
    ours, theirs = compiled.train(series, progress=0), eager.train(series, progress=0)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine["loss"] == pytest.approx(other["loss"], rel=1e-3)
    for name, tensor in eager.state()["net"].items():
        np.testing.assert_allclose(compiled.state()["net"][name], tensor, atol=2e-3, err_msg=name)


@pytest.mark.parametrize("make", [batches.make_config, batches.make_katago_config])
def test_a_grown_network_goes_on_learning_and_resumes_at_its_size(make, tmp_path: Path):
    config = make(average_decay=0.5)
    is_katago = config.net.family is net_config.Family.katago
    draw = batches.make_katago_batch if is_katago else batches.make_batch
    config.net.growth = {100: "kata-b3c16" if is_katago else "b2c12"}
    series = [draw(seed) for seed in range(24)]
    one = learner.Learner(config)
    one.train(series[:8], progress=0)
    small, before = one.candidate(), one.evaluate(series[:2])
    one.grow(config.net.growth[100])
    after = one.evaluate(series[:2])
    for name in ("policy_loss", "value_loss", "ownership_loss"):
        assert after[name] == pytest.approx(before[name], rel=1e-3)
    assert (
        network_weights.name_of(one.candidate()) == config.net.growth[100] != network_weights.name_of(small)
    )
    one.train(series[8:12], progress=0)
    kept = checkpoint.Checkpoints(tmp_path, keep=1)
    kept.save(one.step, one.state())
    one.train(series[12:], progress=0)
    other = learner.Learner(config)
    other.load_state(kept.load_newest())
    assert (other.stage, other.step) == (config.net.growth[100], 12)
    other.train(series[12:], progress=0)
    for own, resumed in zip(numbers(one), numbers(other), strict=True):
        np.testing.assert_array_equal(own, resumed)


def test_a_rollback_beyond_a_growth_gives_the_smaller_network_back():
    config = batches.make_config()
    config.net.growth = {100: "b2c12"}
    one = learner.Learner(config)
    one.train([batches.make_batch(1)], progress=0)
    state = one.state()
    one.grow("b2c12")
    one.load_state(state)
    assert one.stage == "b1c8"
    one.train([batches.make_batch(2)], progress=0)


def test_a_grown_checkpoint_needs_its_stage():
    config = batches.make_config()
    config.net.growth = {100: "b2c12"}
    one = learner.Learner(config)
    one.grow("b2c12")
    with pytest.raises(
        ValueError, match=r"^the checkpoint belongs to another network, b2c12, which net.growth"
    ):
        learner.Learner(batches.make_config()).load_state(one.state())


def test_growth_that_cannot_work_is_refused_before_the_run():
    """The pooling block of c64 has fewer regular channels than that of c60."""
    config = batches.make_katago_config()
    config.net = net_config.NetConfig(family=net_config.Family.katago, blocks=2, filters=60)
    config.net.growth = {100: "kata-b2c64"}
    with pytest.raises(
        ValueError, match=r"^net\.growth=kata-b2c64: has 44 channels in the smaller network and 40"
    ):
        learner.check_start(config)
    config.net.growth = {100: "kata-b3c96"}
    learner.check_start(config)


def test_growth_warms_up_again():
    config = batches.make_config()
    config.net.growth = {100: "b2c12"}
    one = learner.Learner(config)
    rates = [metrics["rate"] for metrics in one.train([batches.make_batch()] * 7, progress=0)]
    one.grow("b2c12")
    again = [metrics["rate"] for metrics in one.train([batches.make_batch()] * 7, progress=0)]
    assert again == rates and rates[0] < rates[3] < rates[5] == rates[6]
