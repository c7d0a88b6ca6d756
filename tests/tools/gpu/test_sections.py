"""Tests of the GPU check's sections on a CPU: wrong outputs are found, and time limits are reported."""

import time

import numpy as np
import pytest
import torch

from alphazero.benchmarks import learners, measurement, nets, settings
from alphazero.config import training as training_config
from alphazero.net import backends, descriptions, graph_backend, inference, numpy_backend
from alphazero.training import data_parallel
from tools.gpu import backend_rates, plan, playing, task

SHAPE, SIZE = settings.parse_net("b1c8"), 5


def make(kind=graph_backend.GraphBackend):
    torch.manual_seed(0)
    net = descriptions.describe(nets.random_weights(SHAPE, SIZE))
    return net, numpy_backend.exact_answers(net), kind(net, device=torch.device("cpu"), is_bf16=False)


class Stubborn(graph_backend.GraphBackend):
    """Backend that keeps its first network."""

    def load(self, net, exact):
        pass


class Mixing(graph_backend.GraphBackend):
    """Backend that also uses the newest batch's planes for the batch before it."""

    @torch.inference_mode()
    def submit(self, inputs):
        if any(slot.is_taken for slot in self._slots):
            (slot,) = [slot for slot in self._slots if slot.is_taken]
            following = super().submit(inputs)
            for output, other in zip(slot.outputs, following.slot.outputs, strict=True):
                output.copy_(other)
            return following
        return super().submit(inputs)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (graph_backend.GraphBackend, ""),
        (Stubborn, "after newer weights: policy off by"),
        (Mixing, "with two batches in flight: policy off by"),
    ],
)
def test_outputs_are_checked_as_a_search_requests_them(kind, reason):
    net, exact, backend = make(kind)
    assert backends.unfaithfulness(backend, net, exact) == ""
    found = backend_rates.check(backend, net, exact)
    assert found.startswith(reason) and bool(found) == bool(reason)


def test_a_rate_with_two_batches_in_flight_leaves_none():
    net, _, backend = make()
    evaluator = inference.NetEvaluator(net, [backend], "")
    inputs = nets.random_inputs(4, evaluator)
    assert backend_rates.overlapped_per_s(evaluator, inputs, 0.01) > 0
    first, second = evaluator.submit(inputs), evaluator.submit(inputs)
    np.testing.assert_array_equal(first.result()[0], second.result()[0])


def given(name, left_s, form=plan.SHORT):
    return task.Task(form.section(name), form, training_config.Device.cpu, time.monotonic() + left_s)


@pytest.mark.slow
def test_measurements_without_time_are_reported():
    items = list(backend_rates.measure(given("backends b1c8 9x9", left_s=0)))
    assert {item.text if isinstance(item, task.Note) else "" for item in items} == {
        "not measured: no time left"
    }


@pytest.mark.slow
def test_other_backends_are_measured_after_a_failure(monkeypatch):
    def fail(net, exact):
        raise RuntimeError("CUDA error: an illegal memory access\nand more")

    found = backends.candidates(training_config.Device.cpu, training_config.Precision.auto, num_threads=1)
    options = {"broken": backends.BackendCandidate(make=fail), "torch": found["torch"]}
    monkeypatch.setattr(backends, "candidates", lambda *_, **__: options)
    first, *others = backend_rates.measure(given("backends b1c8 9x9", left_s=60))
    assert first == task.Note(
        "net.b1c8.9x9.broken", "not used, it fails here: CUDA error: an illegal memory access"
    )
    measured = [item.name for item in others if isinstance(item, measurement.Measurement)]
    assert measured == [f"net.b1c8.9x9.torch.batch{batch}" for batch in plan.SHORT.batches]
    assert len(measured) == len(others)


@pytest.mark.slow
@pytest.mark.parametrize(("minutes", "left_s"), [(0.02, 60), (5, 0)], ids=["bound", "interrupted"])
def test_a_loop_that_promotes_nothing_fails_after_its_results(minutes, left_s):
    # Without training there is no candidate, neither during the run nor at its end.
    loop = (*plan.SHORT.loop, "training.min_positions=1000000")
    form = plan.SHORT._replace(loop_minutes=minutes, loop=loop)
    items = playing.loop(given("loop", left_s, form))
    began = time.monotonic()
    measured = next(items)
    assert time.monotonic() - began < 60
    with pytest.raises(RuntimeError, match=r"no network was promoted in \d"):
        next(items)
    assert isinstance(measured, measurement.Measurement)
    assert measured.value == 0 and measured.setup["minutes"] < 1


def test_ranks_with_different_networks_are_refused():
    learners.require_one_network(["a", "a"])
    with pytest.raises(RuntimeError, match=r"^3 ranks ended with 2 different networks$"):
        learners.require_one_network(["a", "b", "a"])


def test_ranks_that_share_no_gradients_end_with_different_networks():
    options = settings.BenchmarkSettings(
        size=SIZE, nets=[SHAPE], num_simulations=1, num_games=1, device="cpu", seconds=0.1, batch_size=8
    )
    config = learners._make_config(SHAPE, options, num_ranks=1)
    window = learners._make_window(config)
    first, same, other = (
        learners._Learning(config, window, data_parallel.Ranks(number)) for number in (0, 0, 1)
    )
    assert first.digest() == same.digest() == other.digest()
    for learning in (first, same, other):
        learning.step()
    assert first.digest() == same.digest() != other.digest()
