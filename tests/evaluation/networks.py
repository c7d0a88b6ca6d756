"""Tiny networks for tests of evaluation/, without torch."""

import numpy as np

from alphazero.net import leela


def make_weights(seed: int = 0, size: int = 3, filters: int = 2) -> leela.Weights:
    """A random network of one block."""
    rng, points = np.random.default_rng(seed), size * size

    def numbers(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    def convolution(outputs: int, inputs: int, side: int) -> leela.ConvolutionWithNorm:
        kernel, variance = numbers(outputs, inputs, side, side), 1 + np.abs(numbers(outputs))
        return leela.ConvolutionWithNorm(kernel, numbers(outputs), numbers(outputs), variance)

    return leela.Weights(
        version=leela.SIDE_TO_MOVE,
        tower=(
            convolution(filters, 18, 3),
            convolution(filters, filters, 3),
            convolution(filters, filters, 3),
        ),
        policy_convolution=convolution(2, filters, 1),
        policy=leela.Dense(numbers(points + 1, 2 * points), numbers(points + 1)),
        value_convolution=convolution(1, filters, 1),
        value_hidden=leela.Dense(numbers(256, points), numbers(256)),
        value=leela.Dense(numbers(1, 256), numbers(1)),
    )
