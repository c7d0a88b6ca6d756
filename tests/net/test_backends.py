"""Choice of a backend: the fastest faithful one is used, and the report has the reasons."""

import time
from functools import partial

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import training as training_config
from alphazero.net import (
    backends,
    calibration,
    description,
    descriptions,
    inference,
    machine,
    openvino_backend,
)
from tests.net import networks

NET = descriptions.describe(networks.random_weights())
AUTO, BF16, FP32 = (training_config.Precision(name) for name in ("auto", "bf16", "fp32"))
CPU, CUDA = machine.CPU, machine.CUDA


class Sleeper:
    """A backend that answers after `seconds`, exactly except for `error` added to the values."""

    def __init__(
        self,
        net: description.Description,
        exact: calibration.Exact,
        *,
        seconds: float = 0.0,
        error: float = 0.0,
        precision: str = "fp32",
    ) -> None:
        self.name, self.precision = "sleeper", precision
        self._exact, self._seconds, self._error = exact, seconds, error
        self.batches: list[int] = []

    def load(self, net: description.Description, exact: calibration.Exact) -> None: ...

    def unload(self) -> None: ...

    def run(self, inputs: evaluators.Inputs) -> description.RawOutputs:
        time.sleep(self._seconds)
        self.batches.append(len(inputs.planes))
        logits, values, *_ = self._exact.outputs
        return logits, np.arctanh(values)[:, None] + self._error


def candidate(**settings) -> backends.BackendCandidate:
    return backends.BackendCandidate(make=partial(Sleeper, **settings))


def choose(options: dict, batch: int = 5, *, is_cut: bool = False) -> backends.BackendChoice:
    return backends.choose(NET, options, batch, is_cut=is_cut)


@pytest.mark.parametrize("fast", [0, 1])
def test_the_fastest_comes_first(fast: int):
    choice = choose({str(index): candidate(seconds=0.001 if index == fast else 0.004) for index in range(2)})
    assert f"; {1 - fast} " in choice.report
    assert f": {fast} " in choice.report
    first, second = choice.ranked
    assert first._seconds < second._seconds  # pyright: ignore[reportAttributeAccessIssue] a Sleeper


def test_backends_are_measured_with_the_batch_of_later_use():
    (backend,) = choose({"one": candidate()}, batch=37).ranked
    assert backend.batches[0] == len(calibration.positions(NET.size).planes)  # pyright: ignore[reportAttributeAccessIssue]
    assert set(backend.batches[1:]) == {37}  # pyright: ignore[reportAttributeAccessIssue]


def test_a_slow_network_is_measured_with_fewer_positions(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(backends, "_LONGEST_RUN_S", 1e-9)
    (backend,) = choose({"one": candidate()}, batch=37, is_cut=True).ranked
    assert set(backend.batches[1:]) == {1}  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("error", "precision", "is_used"),
    [
        (0.02, "int8", True),
        (0.02, "bf16", False),
        (0.01, "bf16", True),
        (0.01, "fp32", False),
        (9, "int8", False),
    ],
)
def test_an_unfaithful_backend_is_not_used_however_fast(error: float, precision: str, is_used: bool):
    fast = candidate(error=error, precision=precision)
    choice = choose({"fast": fast, "right": candidate(seconds=0.002)})
    assert len(choice.ranked) == 1 + is_used
    assert ("fast not used, values off by" in choice.report) is not is_used
    assert "evaluations/s (used)" in choice.report


def raises(net: description.Description, exact: calibration.Exact) -> backends.Backend:
    raise RuntimeError("no driver\nand much more about it")


def test_a_backend_that_fails_is_not_used_and_its_error_is_reported():
    choice = choose({"broken": backends.BackendCandidate(make=raises), "right": candidate()})
    assert len(choice.ranked) == 1
    assert choice.report.endswith("; broken not used, it fails here: no driver")
    with pytest.raises(ValueError, match=r"^it fails here: no driver$"):
        backends.make_faithful(NET, None, backends.BackendCandidate(make=raises))


def test_float32_is_used_if_no_candidate_is_faithful():
    choice = choose({"broken": backends.BackendCandidate(make=raises), "wrong": candidate(error=9.0)})
    assert [backend.name for backend in choice.ranked] == ["torch cpu fp32"]
    assert "torch_fp32 " in choice.report
    assert choice.make_again().name == "torch cpu fp32"


def test_a_skipped_candidate_is_reported_and_not_made():
    option = backends.BackendCandidate(make=raises, skipped="it takes minutes")
    choice = choose({"late": option, "right": candidate()})
    assert choice.report.endswith("; late not tried, it takes minutes")


def test_a_reserve_is_not_made_if_another_candidate_is_faithful():
    reserve = backends.BackendCandidate(make=raises, reserve="it is slower")
    choice = choose({"reserve": reserve, "wrong": candidate(error=9.0), "right": candidate(seconds=0.001)})
    assert choice.report.endswith("; reserve not tried, it is slower")
    assert "right " in choice.report and len(choice.ranked) == 1


def test_a_reserve_is_used_if_no_other_candidate_is_faithful():
    reserve = backends.BackendCandidate(make=Sleeper, reserve="it is slower")
    choice = choose({"reserve": reserve, "wrong": candidate(error=9.0)})
    assert "reserve " in choice.report and "not tried" not in choice.report
    assert [type(backend) for backend in choice.ranked] == [Sleeper]


def names(found: dict[str, backends.BackendCandidate]) -> list[str]:
    return [name for name, option in found.items() if not option.skipped and not option.reserve]


MACHINES = [
    # OpenVINO installed, processor, 8-bit instructions, requested precision: backends measured on a CPU
    (True, "x86_64", True, AUTO, "openvino openvino_int8"),
    (True, "AMD64", True, AUTO, "openvino openvino_int8"),
    (True, "x86_64", False, AUTO, "openvino"),
    (True, "x86_64", True, FP32, "openvino"),
    (True, "x86_64", True, BF16, "openvino"),
    (False, "x86_64", True, AUTO, "torch"),
    (True, "aarch64", False, AUTO, "torch openvino"),
]


@pytest.mark.parametrize(("has_openvino", "processor", "has_int8", "precision", "expected"), MACHINES)
def test_candidates_on_a_cpu(
    has_openvino: bool,
    processor: str,
    has_int8: bool,
    precision,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(openvino_backend, "is_installed", lambda: has_openvino)
    monkeypatch.setattr("platform.machine", lambda: processor)
    monkeypatch.setattr(machine, "has_fast_int8", lambda: has_int8)
    found = backends.candidates(CPU, precision, 1)
    assert names(found) == expected.split()
    assert {"torch", "torch_compiled"} <= set(found), "available by name"


def test_candidates_on_a_gpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine, "is_bf16", lambda precision, device: True)
    found = backends.candidates(CUDA, AUTO, 1)
    assert names(found) == ["torch", "torch_graphs", "torch_compiled"]


def test_a_small_network_is_measured_in_less_than_two_seconds():
    found = backends.candidates(CPU, AUTO, 1)
    began = time.process_time()
    choice = choose(found, batch=64, is_cut=True)
    assert time.process_time() - began < 2
    assert all(name in choice.report for name in found)


def test_names_of_measured_backends():
    measured = inference.measured_backends("cpu")
    assert measured[0] == "torch"
    assert "torch_compiled" not in measured
