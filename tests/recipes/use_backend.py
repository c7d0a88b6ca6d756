"""numpy_shifts, the inference backend of docs/extending.md, in a copy of the project that has it."""

import re

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.net import inference
from tests.net import networks

SIZE = 9


def test_it_is_measured_and_faithful():
    assert "numpy_shifts" in inference.measured_backends("cpu")
    evaluator = inference.make_evaluator(networks.random_weights(SIZE), device="cpu", batch=8)
    assert re.search(r"numpy_shifts [\d,]+ evaluations/s", evaluator.report)


def test_requested_by_name_it_computes_what_numpy_computes():
    evaluator = inference.make_evaluator(networks.random_weights(SIZE), device="cpu", backend="numpy_shifts")
    assert evaluator.describe() == "numpy_shifts cpu fp32"
    inputs = evaluators.Inputs(networks.random_planes(5, SIZE))
    for seed in (2, 3):
        weights = networks.random_weights(SIZE, seed=seed)
        evaluator.load(weights)
        outputs, exact = evaluator.evaluate(inputs), inference.make_exact(weights).evaluate(inputs)
        assert outputs.logits.dtype == outputs.values.dtype == np.float32
        np.testing.assert_allclose(outputs.logits, exact.logits, atol=1e-4)
        np.testing.assert_allclose(outputs.values, exact.values, atol=1e-4)
