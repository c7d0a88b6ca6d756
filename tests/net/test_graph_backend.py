"""Two batches in flight: the same steps on a CPU without graphs, and on a GPU if there is one."""

import numpy as np
import pytest
import torch

from alphazero import evaluator as evaluators
from alphazero.net import descriptions, graph_backend, inference, leela, numpy_backend, numpy_forward
from tests.net import networks

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]


def make(weights: leela.Weights, device: str, *, is_bf16: bool = False) -> graph_backend.GraphBackend:
    net = descriptions.describe(weights)
    return graph_backend.GraphBackend(net, device=torch.device(device), is_bf16=is_bf16)


def assert_right(answers, weights: leela.Weights, planes: np.ndarray, tolerance: float) -> None:
    logits, values = numpy_forward.forward(leela.to_text(weights), planes)
    assert answers[0].dtype == answers[1].dtype == np.float32
    assert np.abs(answers[0] - logits).max() <= tolerance * logits.std()
    assert np.abs(np.tanh(answers[1][:, 0]) - values).max() <= tolerance


@pytest.mark.parametrize("device", DEVICES)
def test_batches_of_any_size_are_answered_row_by_row(device: str):
    weights = networks.random_weights(size=9)
    backend = make(weights, device)
    for batch in (3, 40, 16, 17, 1):  # growing and shrinking: slots are replaced and contain old rows
        planes = networks.random_planes(batch, size=9, seed=batch)
        tolerance = 1e-2 if device == "cuda" else 1e-5
        assert_right(backend.run(evaluators.Inputs(planes)), weights, planes, tolerance)


@pytest.mark.parametrize("device", DEVICES)
def test_two_batches_in_flight_do_not_mix(device: str):
    weights = networks.random_weights()
    backend = make(weights, device)
    planes = [networks.random_planes(5 + index, seed=index) for index in range(4)]
    expected = [backend.run(evaluators.Inputs(one)) for one in planes]

    def submit(rows: np.ndarray) -> graph_backend.GraphOutputs:
        return backend.submit(evaluators.Inputs(rows))

    first, second = submit(planes[0].copy()), submit(planes[1])
    answers = [first.result()]
    third = submit(planes[2])
    answers += [second.result()]
    reused = planes[3].copy()
    fourth = submit(reused)
    reused[:] = 0  # the caller may overwrite it at once
    answers += [third.result(), fourth.result()]
    for got, wanted in zip(answers, expected, strict=True):
        assert np.array_equal(got[0], wanted[0])
        assert np.array_equal(got[1], wanted[1])


def test_a_third_batch_and_a_second_reading_fail_assertions():
    backend = make(networks.random_weights(), "cpu")
    inputs = evaluators.Inputs(networks.random_planes(2))
    first = backend.submit(inputs)
    backend.submit(inputs)
    with pytest.raises(AssertionError, match="more than two batches"):
        backend.submit(inputs)
    first.result()
    with pytest.raises(AssertionError, match="read before"):
        first.result()


@pytest.mark.parametrize("device", DEVICES)
def test_new_weights_replace_the_old_ones(device: str):
    old, new = networks.random_weights(seed=1), networks.random_weights(seed=2)
    planes = networks.random_planes(4)
    backend = make(old, device)
    backend.run(evaluators.Inputs(planes))  # captures
    net = descriptions.describe(new)
    backend.load(net, numpy_backend.exact_answers(net))
    assert_right(backend.run(evaluators.Inputs(planes)), new, planes, 1e-2 if device == "cuda" else 1e-5)


def test_an_evaluator_with_it_is_asynchronous():
    weights = networks.random_weights()
    evaluator = inference.NetEvaluator(descriptions.describe(weights), [make(weights, "cpu")], "")
    planes = networks.random_planes(3)
    assert evaluators.is_asynchronous(evaluator)
    first = evaluator.submit(evaluators.Inputs(planes))
    second = evaluator.submit(evaluators.Inputs(planes[::-1].copy()))
    logits, values = numpy_forward.forward(leela.to_text(weights), planes)
    np.testing.assert_allclose(first.result()[1], values, atol=1e-5)
    np.testing.assert_allclose(second.result()[0], logits[::-1], atol=1e-3)


SIZES = [
    (1, 16),
    (16, 16),
    (17, 32),
    (100, 112),
    (128, 128),
    (129, 160),
    (1000, 1024),
    (4096, 4096),
    (4100, 5120),
]


@pytest.mark.parametrize(("batch", "size"), SIZES)
def test_sizes_of_graphs(batch: int, size: int):
    assert graph_backend.padded(batch) == size


def test_there_are_few_sizes_and_little_is_wasted():
    sizes = {batch: graph_backend.padded(batch) for batch in range(1, 4097)}
    assert len(set(sizes.values())) <= 40
    assert all(batch <= size <= max(batch * 1.25, batch + 15) for batch, size in sizes.items())
    coarse = {graph_backend.padded(batch, is_coarse=True) for batch in range(1, 4097)}
    assert coarse == {2**power for power in range(4, 13)}


@pytest.mark.gpu
@pytest.mark.parametrize("backend", ["torch_graphs", "torch_compiled"])
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-2), ("bf16", 0.1)])
def test_a_gpu_answers_as_the_file(backend: str, precision: str, tolerance: float):
    weights, planes = networks.random_weights(size=9), networks.random_planes(100, size=9)
    evaluator = inference.make_evaluator(weights, device="cuda", precision=precision, backend=backend)
    logits, values, *_ = evaluator.evaluate(evaluators.Inputs(planes))
    assert evaluators.is_asynchronous(evaluator)
    assert_right((logits, np.arctanh(values)[:, None]), weights, planes, tolerance)
