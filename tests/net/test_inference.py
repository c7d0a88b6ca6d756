"""Backends answer alike, and the fastest one is chosen."""

import dataclasses
import time

import numpy as np
import pytest

from alphazero.net import folding, inference, leela, numpy_forward, openvino_backend
from tests.net import networks

needs_openvino = pytest.mark.skipif(not openvino_backend.is_installed(), reason="openvino is not installed")
BACKENDS = ["torch", pytest.param("openvino", marks=needs_openvino)]


def make(weights: leela.Weights, backend: str, precision: str = "fp32") -> inference.NetEvaluator:
    return inference.make_evaluator(weights, device="cpu", backend=backend, precision=precision)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-5), ("bf16", 0.05)])
def test_backends_compute_the_file(backend: str, precision: str, tolerance: float):
    weights = networks.random_weights(size=9)
    evaluator = make(weights, backend, precision)
    assert evaluator.describe() == f"{backend} cpu {precision}"
    for batch in (3, 1, 8):  # any size, in any order
        planes = networks.random_planes(batch, size=9, seed=batch)
        logits, values = evaluator.evaluate(planes)
        true_logits, true_values = numpy_forward.forward(leela.to_text(weights), planes)
        assert logits.dtype == values.dtype == np.float32
        assert np.abs(logits - true_logits).max() <= tolerance * true_logits.std()
        assert np.abs(values - true_values).max() <= tolerance


@pytest.mark.parametrize("backend", BACKENDS)
def test_answers_stay_when_the_next_call_comes(backend: str):
    evaluator = make(networks.random_weights(), backend)
    logits, values = evaluator.evaluate(networks.random_planes(4, seed=1))
    kept = logits.copy(), values.copy()
    evaluator.evaluate(networks.random_planes(4, seed=2))
    assert np.array_equal(logits, kept[0])
    assert np.array_equal(values, kept[1])


@pytest.mark.parametrize("backend", BACKENDS)
def test_new_weights_take_the_place_of_the_old(backend: str):
    old, new = networks.random_weights(seed=1), networks.random_weights(seed=2)
    planes = networks.random_planes(4)
    evaluator = make(old, backend)
    before = evaluator.evaluate(planes)[0]
    evaluator.load(new)
    assert np.abs(evaluator.evaluate(planes)[0] - before).max() > 0.1
    assert np.array_equal(evaluator.evaluate(planes)[0], make(new, backend).evaluate(planes)[0])


@pytest.mark.parametrize("backend", BACKENDS)
def test_arrays_of_another_process_may_be_read_only(backend: str):
    weights, planes = networks.random_weights(), networks.random_planes(2)
    for array in (*networks.arrays(weights), planes):
        array.flags.writeable = False
    evaluator = make(weights, backend)
    evaluator.load(weights)
    evaluator.evaluate(planes)


def test_a_version_2_file_holds_blacks_value():
    weights = networks.random_weights()
    planes = networks.random_planes(8)
    is_black = planes[:, 16, 0, 0] == 1
    assert is_black.any()
    assert not is_black.all()
    own = make(weights, "torch").evaluate(planes)[1]
    blacks = dataclasses.replace(weights, version=leela.BLACK)
    turned = make(blacks, "torch").evaluate(planes)[1]
    assert np.array_equal(turned, np.where(is_black, own, -own))
    np.testing.assert_allclose(numpy_forward.forward(leela.to_text(blacks), planes)[1], turned, atol=1e-5)


@needs_openvino
def test_8_bits_say_nearly_the_same():
    weights = networks.random_weights(size=9, blocks=2, filters=16)
    net, planes = folding.fold(weights), networks.random_planes(32, size=9)
    backend = openvino_backend.OpenVinoInt8Backend(net, is_bf16=False, num_threads=1)
    assert backend.name == "openvino cpu int8"
    logits, values = backend.run(planes)
    exact_logits, exact_values = openvino_backend.OpenVinoBackend(net, is_bf16=False, num_threads=1).run(
        planes
    )
    assert 1e-4 < np.abs(logits - exact_logits).max() / exact_logits.std() < 0.2
    assert 1e-6 < np.abs(np.tanh(values) - np.tanh(exact_values)).max() < 0.05


def outlier(net: folding.Folded) -> folding.Folded:
    """The same network with the trunk's first channel 10,000 times as large: the others vanish in 8 bits."""
    factor = np.ones(len(net.tower[0].bias), np.float32)
    factor[0] = 10_000
    rows, columns = factor[:, None, None, None], factor[:, None, None]
    tower = [
        folding.Convolution(layer.kernel * rows, layer.bias * factor)
        if index % 2 == 0  # its output is added to the trunk; the others read the trunk
        else layer._replace(kernel=layer.kernel / columns)
        for index, layer in enumerate(net.tower)
    ]
    return net._replace(tower=tuple(tower), heads=net.heads._replace(kernel=net.heads.kernel / columns))


@needs_openvino
def test_a_network_that_8_bits_would_change_runs_in_floats():
    net, planes = folding.fold(networks.random_weights(size=9)), networks.random_planes(8, size=9)
    backend = openvino_backend.OpenVinoInt8Backend(net, is_bf16=False, num_threads=1)
    backend.load(outlier(net))
    assert backend.name == "openvino cpu fp32 (int8 would change this network)"
    exact = openvino_backend.OpenVinoBackend(net, is_bf16=False, num_threads=1).run(planes)
    np.testing.assert_allclose(backend.run(planes)[0], exact[0], rtol=1e-3, atol=1e-4)
    backend.load(net)
    assert backend.name == "openvino cpu int8"


class Sleeper:
    def __init__(self, name: str, seconds: float) -> None:
        self.name = name
        self._seconds = seconds

    def load(self, net: folding.Folded) -> None: ...

    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        time.sleep(self._seconds)
        return np.zeros((len(planes), 26)), np.zeros(len(planes))


@pytest.mark.parametrize("fast", [0, 1])
def test_the_fastest_backend_is_chosen(fast: int):
    net = folding.fold(networks.random_weights())
    backends = [Sleeper(str(index), 0.001 if index == fast else 0.004) for index in range(2)]
    chosen = inference.choose_backend(net, {one.name: lambda _, one=one: one for one in backends})
    assert chosen is backends[fast]


def test_impossible_wishes_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch):
    weights = networks.random_weights()
    with pytest.raises(
        ValueError, match=r"^backend=tpu: must be auto, torch( or openvino)*( or openvino_int8)? here$"
    ):
        inference.make_evaluator(weights, device="cpu", backend="tpu")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ValueError, match=r"^device=cuda: torch sees no NVIDIA GPU on this machine$"):
        inference.make_evaluator(weights, device="cuda")
    with pytest.raises(ValueError, match="half"):
        inference.make_evaluator(weights, precision="half")


@pytest.mark.gpu
def test_a_gpu_answers_as_the_file():
    weights, planes = networks.random_weights(size=9), networks.random_planes(100, size=9)
    logits, values = inference.make_evaluator(weights, device="cuda", precision="fp32").evaluate(planes)
    true_logits, true_values = numpy_forward.forward(leela.to_text(weights), planes)
    assert np.abs(logits - true_logits).max() <= 1e-2 * true_logits.std()
    assert np.abs(values - true_values).max() <= 1e-2
