"""Exact answers: the same as those of the file and of torch, for every batch size."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.net import (
    calibration,
    description,
    descriptions,
    leela,
    numpy_backend,
    numpy_forward,
    torch_backend,
)
from tests.net import networks


def test_exact_answers_are_those_of_the_file_and_tops_are_maxima():
    weights = networks.random_weights(size=5, blocks=1)
    exact = numpy_backend.exact_answers(descriptions.describe(weights))
    planes = calibration.positions(5).planes
    logits, values = numpy_forward.forward(leela.to_text(weights), planes)
    np.testing.assert_allclose(exact.outputs.logits, logits, atol=1e-4)
    np.testing.assert_allclose(exact.outputs.values, values, atol=1e-5)
    layer = descriptions.describe(weights).layers["input"]
    assert isinstance(layer, description.ConvolutionLayer)
    padded = np.pad(planes.astype(float), ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
    first = np.einsum("bchwij,ocij->bohw", windows, layer.kernel) + layer.bias[None, :, None, None]
    assert list(exact.ranges) == ["input", "block 1 first", "block 1 second", "heads"]
    assert (exact.ranges["input"].high == 1).all()
    read = np.maximum(first, 0)
    np.testing.assert_allclose(exact.ranges["block 1 first"].high, read.max(axis=(0, 2, 3)), rtol=1e-4)
    np.testing.assert_allclose(exact.ranges["block 1 first"].low, read.min(axis=(0, 2, 3)), atol=1e-6)


@pytest.mark.parametrize(("size", "batch"), [(2, 1), (5, 7), (5, 25), (9, 9), (19, 2)])
def test_answers_are_those_of_torch_in_float32(size: int, batch: int):
    """Some batches are not multiples of the boards in one product, and some boards exceed a product."""
    net = descriptions.describe(networks.random_weights(size=size, blocks=3, filters=8))
    inputs = evaluators.Inputs(networks.random_planes(batch, size))
    logits, values = numpy_backend.NumpyBackend(net).run(inputs)
    true_logits, true_values = torch_backend.exact_backend(net).run(inputs)
    assert logits.dtype == values.dtype == np.float32
    np.testing.assert_allclose(logits, true_logits, atol=1e-4)
    np.testing.assert_allclose(values, true_values, atol=1e-4)


def test_newer_weights_are_used():
    nets = [descriptions.describe(networks.random_weights(seed=seed)) for seed in (1, 2)]
    backend, planes = numpy_backend.NumpyBackend(nets[0]), evaluators.Inputs(networks.random_planes(3))
    backend.load(nets[1], numpy_backend.exact_answers(nets[1]))
    np.testing.assert_array_equal(backend.run(planes)[0], numpy_backend.NumpyBackend(nets[1]).run(planes)[0])
