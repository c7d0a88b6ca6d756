"""Backends compute KataGo's networks: those of other people, and rectified ones of ours."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.evaluation import agreement
from alphazero.go import input_families
from alphazero.net import (
    calibration,
    descriptions,
    equalize,
    graph_backend,
    inference,
    machine,
    numpy_backend,
    openvino_backend,
)
from alphazero.net.katago import model, numpy_forward, reader, rectified
from tests.net.katago import torch_nets

NETWORKS = ("b2c16-v11", "b4c32-v14", "g170-b6c96", "nbt-v15")
needs_openvino = pytest.mark.skipif(not openvino_backend.is_installed(), reason="openvino is not installed")
BACKENDS = ["torch", pytest.param("openvino", marks=needs_openvino)]


def random_model(trunk: net_config.Trunk = net_config.Trunk.post, seed: int = 1, **shape: int) -> model.Model:
    return torch_nets.random_net(torch_nets.make_config(trunk, **shape), seed).export()


def random_inputs(batch: int, size: int, seed: int = 1) -> evaluators.Inputs:
    return evaluators.Inputs(*torch_nets.random_inputs(batch, size, seed))


def expected(weights: model.Model, inputs: evaluators.Inputs) -> evaluators.Outputs:
    """The answers of the plain numpy implementation, which shares no code with the backends."""
    assert inputs.globals is not None
    answers = numpy_forward.forward(weights, inputs.planes, inputs.globals)
    odds = np.exp(answers.outcome - answers.outcome.max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    return evaluators.Outputs(answers.logits, odds[:, 0] - odds[:, 1], answers.ownership, answers.lead)


def assert_close(found: evaluators.Outputs, right: evaluators.Outputs, tolerance: float) -> None:
    for ours, theirs, field in zip(found, right, evaluators.Outputs._fields, strict=True):
        assert ours is not None and theirs is not None, field
        assert ours.dtype == np.float32 and ours.shape == theirs.shape, field
        unit = max(1.0, float(theirs.std())) if field in ("logits", "scores") else 1.0
        assert np.abs(ours - theirs).max() <= tolerance * unit, field


@pytest.mark.parametrize("size", [7, 9, 13, 19])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_backend_computes_networks_of_katago(name: str, size: int, shared_data: Path):
    weights = reader.read(shared_data / "katago" / f"{name}.bin.gz")
    config, rng = game_config.GameConfig(size=size, komi=7.5), np.random.default_rng(size)
    inputs = agreement.random_inputs(config, input_families.KATAGO, 5, rng)
    right = expected(weights, inputs)
    exact = inference.make_exact(weights, size)
    assert exact.family == input_families.KATAGO and exact.size == size
    assert_close(exact.evaluate(inputs), right, 1e-4)
    for backend in ("torch", "openvino") if openvino_backend.is_installed() else ("torch",):
        for precision, tolerance in (("fp32", 1e-4), ("bf16", 0.25)):
            evaluator = inference.make_evaluator(
                weights, size=size, device="cpu", backend=backend, precision=precision
            )
            assert evaluator.describe() == f"{backend} cpu {precision}"
            assert_close(evaluator.evaluate(inputs), right, tolerance)


@pytest.mark.parametrize("trunk", net_config.Trunk)
@pytest.mark.parametrize("backend", BACKENDS)
def test_networks_of_ours_are_computed(backend: str, trunk: net_config.Trunk):
    weights = random_model(trunk)
    assert (rectified.detect(weights) is not None) == (trunk is net_config.Trunk.post)
    evaluator = inference.make_evaluator(weights, size=9, device="cpu", backend=backend, precision="fp32")
    for batch in (3, 1, 8):  # any size, in any order
        inputs = random_inputs(batch, 9, seed=batch)
        assert_close(evaluator.evaluate(inputs), expected(weights, inputs), 1e-4)


def test_a_rectified_trunk_is_computed_without_its_rectifying_blocks():
    net = descriptions.describe(random_model(blocks=3), 9)
    assert net.name == "kata-b3c16"
    kernels = [name for name, layer in net.layers.items() if name.startswith("block") and layer[0].ndim == 4]
    assert len(kernels) == 6


@pytest.mark.parametrize("trunk", net_config.Trunk)
@pytest.mark.parametrize("backend", BACKENDS)
def test_newer_weights_replace_the_old_ones(backend: str, trunk: net_config.Trunk):
    old, new = random_model(trunk, seed=1), random_model(trunk, seed=2)
    inputs = random_inputs(4, 7)
    evaluator = inference.make_evaluator(old, size=7, device="cpu", backend=backend, precision="fp32")
    before = evaluator.evaluate(inputs)
    evaluator.load(new)
    assert np.abs(evaluator.evaluate(inputs).logits - before.logits).max() > 0.1
    assert_close(evaluator.evaluate(inputs), expected(new, inputs), 1e-4)
    larger = random_model(trunk, filters=24)
    evaluator.load(larger)
    assert_close(evaluator.evaluate(inputs), expected(larger, inputs), 1e-4)


def test_two_batches_in_flight_do_not_mix():
    weights = random_model()
    net = descriptions.describe(weights, 5)
    backend = graph_backend.GraphBackend(net, device=torch.device("cpu"), is_bf16=False)
    evaluator = inference.NetEvaluator(net, [backend], "")
    first, second = random_inputs(3, 5, seed=1), random_inputs(20, 5, seed=2)
    reused = first.copy()
    pending = [evaluator.submit(reused), evaluator.submit(second)]
    reused.planes[:], reused.globals[:] = 0, 0  # type: ignore[index]  the caller may overwrite them at once
    for inputs, answer in zip((first, second), pending, strict=True):
        assert_close(answer.result(), expected(weights, inputs), 1e-4)


@needs_openvino
@pytest.mark.skipif(not machine.has_fast_int8(), reason="this CPU has no 8-bit instructions")
@pytest.mark.parametrize("trunk", net_config.Trunk)
def test_convolutions_of_a_trunk_and_to_the_heads_read_8_bit_numbers(trunk: net_config.Trunk):
    """Otherwise they would be just as faithful, but slow."""
    net = descriptions.describe(random_model(trunk), 9)
    exact = numpy_backend.exact_answers(net)
    backend = openvino_backend.OpenVinoInt8Backend(net, exact, is_bf16=False, num_threads=1)
    precisions = backend.precisions()["Convolution"]
    assert sorted(precisions) == ["f32"] * 2 + ["u8"] * (1 + 2 * 2 + 3)
    positions = calibration.positions(9, net.family)
    found = calibration.distance(exact, net.reader(positions)(backend.run(positions)))
    assert 0 < found.policy_divergence < 0.05


@needs_openvino
def test_8_bits_stay_within_their_bounds_on_positions_of_games(shared_data: Path):
    weights = reader.read(shared_data / "katago" / "g170-b6c96.bin.gz")
    net = descriptions.describe(weights, 9)
    exact = numpy_backend.exact_answers(net)
    backend = openvino_backend.OpenVinoInt8Backend(net, exact, is_bf16=False, num_threads=1)
    config = game_config.GameConfig(size=9, komi=7)
    inputs = agreement.random_inputs(config, net.family, 40, np.random.default_rng(3))
    right = net.reader(inputs)(numpy_backend.NumpyBackend(net).run(inputs))
    found = net.reader(inputs)(backend.run(inputs))
    assert calibration.unfaithfulness(calibration.Exact(right, {}), found, "int8") == ""
    assert right.scores is not None and found.scores is not None
    assert np.abs(right.scores - found.scores).mean() < 1


def test_equalizing_keeps_networks():
    for trunk in net_config.Trunk:
        net = descriptions.describe(random_model(trunk), 9)
        assert net.rescalings
        exact = numpy_backend.exact_answers(net)
        equal, _ = equalize.equalize(net, exact.ranges)
        assert_close(numpy_backend.exact_answers(equal).outputs, exact.outputs, 1e-3)
        assert any(np.abs(equal.layers[name][0] - net.layers[name][0]).max() > 0.01 for name in net.layers)


def test_planes_without_weights_need_not_be_computed():
    weights = random_model()  # for `net.inputs=fast`
    kernel = weights.input_convolution.kernel.copy()
    kernel[0, 19, 0, 0] = 1
    full = dataclasses.replace(weights, input_convolution=model.Convolution(kernel))
    assert inference.make_exact(full, 5).family == input_families.KATAGO
    other = dataclasses.replace(full, suicide_area=True)
    assert inference.make_exact(other, 5).family == input_families.KATAGO_SUICIDE_AREA
    evaluator = inference.make_exact(weights, 5)
    assert evaluator.family == evaluators.family(evaluator) == input_families.KATAGO_FAST
    assert evaluators.family(evaluators.UniformEvaluator(5)) == input_families.LEELA


def test_a_size_is_needed():
    with pytest.raises(
        ValueError, match=r"^size: must be given, as kata-b2c16 plays on boards of every size$"
    ):
        inference.make_exact(random_model())


@pytest.mark.parametrize("size", [2, 9, 19])
def test_sample_positions_look_like_games(size: int):
    inputs = calibration.positions(size, input_families.KATAGO)
    planes = inputs.planes
    assert planes.shape[1:] == (22, size, size) and len(planes) >= 32
    assert inputs.globals is not None and inputs.globals.shape == (len(planes), 19)
    own, opponent = planes[:, 1], planes[:, 2]
    assert (planes[:, 0] == 1).all() and not (own & opponent).any()
    few_liberties = planes[:, 3:6].sum(axis=1)
    assert few_liberties.max() == 1, "a chain has one number of liberties"
    assert not (few_liberties & ~(own | opponent)).any()
    num_stones = (own + opponent).sum(axis=(1, 2))
    assert num_stones[0] == 0 and num_stones.max() > size * size / 2
    assert not planes.flags.writeable and not inputs.globals.flags.writeable
