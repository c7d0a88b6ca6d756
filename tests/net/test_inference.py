"""Evaluators: all backends give the same answers, and only faithful ones are used."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.net import (
    backends,
    calibration,
    description,
    descriptions,
    inference,
    leela,
    machine,
    numpy_backend,
    numpy_forward,
    openvino_backend,
    torch_backend,
)
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
        logits, values, *_ = evaluator.evaluate(evaluators.Inputs(planes))
        true_logits, true_values = numpy_forward.forward(leela.to_text(weights), planes)
        assert logits.dtype == values.dtype == np.float32
        assert np.abs(logits - true_logits).max() <= tolerance * true_logits.std()
        assert np.abs(values - true_values).max() <= tolerance


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_next_call_does_not_change_answers(backend: str):
    evaluator = make(networks.random_weights(), backend)
    logits, values, *_ = evaluator.evaluate(evaluators.Inputs(networks.random_planes(4, seed=1)))
    kept = logits.copy(), values.copy()
    evaluator.evaluate(evaluators.Inputs(networks.random_planes(4, seed=2)))
    assert np.array_equal(logits, kept[0])
    assert np.array_equal(values, kept[1])


@pytest.mark.parametrize("backend", BACKENDS)
def test_new_weights_replace_the_old_ones(backend: str):
    old, new = networks.random_weights(seed=1), networks.random_weights(seed=2)
    planes = networks.random_planes(4)
    evaluator = make(old, backend)
    before = evaluator.evaluate(evaluators.Inputs(planes))[0]
    evaluator.load(new)
    assert np.abs(evaluator.evaluate(evaluators.Inputs(planes))[0] - before).max() > 0.1
    assert np.array_equal(
        evaluator.evaluate(evaluators.Inputs(planes))[0],
        make(new, backend).evaluate(evaluators.Inputs(planes))[0],
    )


@pytest.mark.parametrize("backend", ["auto", *BACKENDS])
def test_a_network_of_another_shape_replaces_the_old_one(backend: str):
    old, new = (networks.random_weights(size=5, filters=filters, seed=filters) for filters in (8, 16))
    planes = networks.random_planes(4, size=5)
    evaluator = inference.make_evaluator(old, device="cpu", precision="fp32", backend=backend)
    evaluator.load(new)
    logits, *_ = evaluator.evaluate(evaluators.Inputs(planes))
    true_logits, _ = numpy_forward.forward(leela.to_text(new), planes)
    np.testing.assert_allclose(logits, true_logits, atol=1e-4 * true_logits.std())
    assert evaluator.generation == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_arrays_of_another_process_may_be_read_only(backend: str):
    weights, planes = networks.random_weights(), networks.random_planes(2)
    for array in (*networks.arrays(weights), planes):
        array.flags.writeable = False
    evaluator = make(weights, backend)
    evaluator.load(weights)
    evaluator.evaluate(evaluators.Inputs(planes))


def test_a_version_2_file_holds_blacks_value():
    weights = networks.random_weights()
    planes = networks.random_planes(8)
    is_black = planes[:, 16, 0, 0] == 1
    assert is_black.any()
    assert not is_black.all()
    own = make(weights, "torch").evaluate(evaluators.Inputs(planes))[1]
    blacks = dataclasses.replace(weights, version=leela.BLACK)
    turned = make(blacks, "torch").evaluate(evaluators.Inputs(planes))[1]
    assert np.array_equal(turned, np.where(is_black, own, -own))
    np.testing.assert_allclose(numpy_forward.forward(leela.to_text(blacks), planes)[1], turned, atol=1e-5)


@needs_openvino
def test_8_bit_answers_are_nearly_the_same():
    weights = networks.random_weights(size=9, blocks=2, filters=16)
    net, inputs = descriptions.describe(weights), evaluators.Inputs(networks.random_planes(32, size=9))
    backend = int8_backend(net)
    assert (backend.name, backend.precision) == ("openvino cpu int8", "int8")
    logits, values = backend.run(inputs)
    exact_logits, exact_values = openvino_backend.OpenVinoBackend(net, is_bf16=False, num_threads=1).run(
        inputs
    )
    assert 1e-4 < np.abs(logits - exact_logits).max() / exact_logits.std() < 0.3
    assert 1e-6 < np.abs(np.tanh(values) - np.tanh(exact_values)).max() < 0.1


@needs_openvino
@pytest.mark.skipif(not machine.has_fast_int8(), reason="this CPU has no 8-bit instructions")
def test_every_convolution_reads_8_bit_numbers():
    """Otherwise it would be just as faithful, but slow."""
    net = descriptions.describe(networks.random_weights(size=9, blocks=2, filters=16))
    assert int8_backend(net).precisions()["Convolution"] == ["u8"] * 6


START = """
import sys
from alphazero.net import inference, leela
weights = leela.read(sys.argv[1])
evaluators = [*inference.make_team(weights, 2, device="cpu"), inference.make_exact(weights)]
evaluators[0].load(weights)
print(*(evaluator.describe() for evaluator in evaluators), "torch" in sys.modules, sep=",")
"""


@needs_openvino
@pytest.mark.skipif(not machine.is_x86(), reason="torch is measured on other CPUs")
def test_torch_is_not_imported_if_openvino_is_used(project, tmp_path):
    """Its import takes longer than all the rest of a start."""
    path = tmp_path / "net.txt"
    leela.write(networks.random_weights(), path)
    command = [sys.executable, "-c", START, str(path)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    first, second, exact, is_imported = done.stdout.strip().split(",")
    assert first == second and first.startswith("openvino cpu ")
    assert (exact, is_imported) == ("numpy cpu fp32", "False")


@needs_openvino
def test_openvino_does_not_report_its_import():
    """OpenVINO would send statistics to its makers and keep an identifier in the user's home folder."""
    make(networks.random_weights(), "openvino")
    assert sys.modules["openvino_telemetry"] is None
    assert "openvino.tools.ovc" not in sys.modules, "this part also reports, and it is not needed"


def int8_backend(net: description.Description) -> openvino_backend.OpenVinoInt8Backend:
    exact = numpy_backend.exact_answers(net)
    return openvino_backend.OpenVinoInt8Backend(net, exact, is_bf16=False, num_threads=1)


class Player:
    """A backend with exact answers, except for `error` in the values of the network with `bias`."""

    precision = "int8"

    def __init__(self, name: str, bias: float = -1.0, error: float = 1.0) -> None:
        self.name, self._fails_on, self._error = name, bias, error

    def load(self, net: description.Description, exact: calibration.Exact) -> None:
        self._exact = exact
        self._is_wrong = net.layers["input"].bias[0] == self._fails_on
        self.is_loaded = True

    def unload(self) -> None:
        self.is_loaded = False

    def run(self, inputs: evaluators.Inputs) -> description.RawOutputs:
        logits, values, *_ = self._exact.outputs
        return logits, np.arctanh(values)[:, None] + self._error * self._is_wrong


def test_each_network_runs_on_the_first_faithful_backend(caplog):
    weights = [networks.random_weights(seed=seed) for seed in (1, 2)]
    nets = [descriptions.describe(one) for one in weights]
    bias = float(nets[1].layers["input"].bias[0])
    first, second = Player("first", bias), Player("second")
    for backend in (first, second):
        backend.load(nets[0], numpy_backend.exact_answers(nets[0]))
    evaluator = inference.NetEvaluator(nets[0], [first, second], "")
    assert evaluator.describe() == "first" and (first.is_loaded, second.is_loaded) == (True, False)
    evaluator.load(weights[1])
    assert (first.is_loaded, second.is_loaded) == (False, True)
    assert evaluator.describe().startswith("second (first: values off by 0.")
    assert "these weights run on second; first: values off" in caplog.text
    evaluator.load(weights[0])
    assert evaluator.describe() == "first" and (first.is_loaded, second.is_loaded) == (True, False)


def test_a_network_without_a_faithful_backend_runs_in_float32():
    weights = [networks.random_weights(seed=seed) for seed in (1, 2)]
    nets = [descriptions.describe(one) for one in weights]
    only = Player("only", float(nets[1].layers["input"].bias[0]))
    only.load(nets[0], numpy_backend.exact_answers(nets[0]))
    evaluator = inference.NetEvaluator(nets[0], [only], "")
    evaluator.load(weights[1])
    assert evaluator.describe().startswith("torch cpu fp32 (only: values off by")
    planes = networks.random_planes(3)
    true_logits, true_values = numpy_forward.forward(leela.to_text(weights[1]), planes)
    logits, values, *_ = evaluator.evaluate(evaluators.Inputs(planes))
    np.testing.assert_allclose(logits, true_logits, atol=1e-4)
    np.testing.assert_allclose(values, true_values, atol=1e-5)


def test_a_team_is_measured_once_and_shares_no_weights(monkeypatch: pytest.MonkeyPatch):
    measured = []
    choose = backends.choose
    monkeypatch.setattr(
        backends, "choose", lambda *args, **options: measured.append(args) or choose(*args, **options)
    )
    weights, planes = networks.random_weights(), networks.random_planes(3)
    team = inference.make_team(weights, 3, device="cpu", batch=8)
    assert len(team) == 3 and len(measured) == 1
    assert len({member.describe() for member in team}) == 1
    answers = [member.evaluate(evaluators.Inputs(planes)) for member in team]
    for logits, values, *_ in answers[1:]:
        np.testing.assert_array_equal(logits, answers[0][0])
        np.testing.assert_array_equal(values, answers[0][1])
    team[0].load(networks.random_weights(seed=2))
    np.testing.assert_array_equal(team[1].evaluate(evaluators.Inputs(planes))[0], answers[1][0])
    assert np.abs(team[0].evaluate(evaluators.Inputs(planes))[0] - answers[0][0]).max() > 0.1


def test_a_backend_requested_by_name_must_be_faithful_too(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(
        torch_backend.TorchBackend,
        "run",
        lambda self, inputs: (np.zeros((len(inputs.planes), 26)), np.ones((len(inputs.planes), 1))),
    )
    with pytest.raises(ValueError, match=r"^backend=torch: policy off by .* nats, 0.0001 allowed$"):
        make(networks.random_weights(), "torch")


def test_submit_works_on_a_cpu_although_nothing_is_asynchronous():
    evaluator = make(networks.random_weights(), "torch")
    planes = networks.random_planes(3)
    assert not evaluators.is_asynchronous(evaluator)
    pending = evaluator.submit(evaluators.Inputs(planes))
    for got, expected in zip(
        pending.result()[:2], evaluator.evaluate(evaluators.Inputs(planes))[:2], strict=True
    ):
        assert np.array_equal(got, expected)


def test_unsupported_settings_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch):
    weights = networks.random_weights()
    with pytest.raises(
        ValueError,
        match=r"^backend=tpu: must be one of auto, torch, torch_compiled(, \w+)* on this machine$",
    ):
        inference.make_evaluator(weights, device="cpu", backend="tpu")
    monkeypatch.setattr(machine, "has_gpu", lambda: False)
    with pytest.raises(ValueError, match=r"^device=cuda: torch sees no NVIDIA GPU on this machine$"):
        inference.make_evaluator(weights, device="cuda")
    with pytest.raises(ValueError, match="half"):
        inference.make_evaluator(weights, precision="half")


@pytest.mark.gpu
def test_a_gpu_answers_as_the_file():
    weights, planes = networks.random_weights(size=9), networks.random_planes(100, size=9)
    evaluator = inference.make_evaluator(weights, device="cuda", precision="fp32")
    logits, values, *_ = evaluator.evaluate(evaluators.Inputs(planes))
    true_logits, true_values = numpy_forward.forward(leela.to_text(weights), planes)
    assert np.abs(logits - true_logits).max() <= 1e-2 * true_logits.std()
    assert np.abs(values - true_values).max() <= 1e-2
