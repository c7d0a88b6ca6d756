"""Equalized networks: the same answers in floats, better ones in 8 bits."""

import dataclasses

import numpy as np
import pytest

from alphazero.net import calibration, description, descriptions, equalize, numpy_backend, openvino_backend
from tests.net import networks


def network(seed: int = 1) -> description.Description:
    return descriptions.describe(networks.random_weights(size=9, blocks=2, filters=16, seed=seed))


def convolutions(net: description.Description) -> dict[str, description.ConvolutionLayer]:
    return {name: one for name, one in net.layers.items() if isinstance(one, description.ConvolutionLayer)}


def skewed(net: description.Description) -> description.Description:
    """The same network with very different ranges of the channels, in the trunk and within blocks."""
    factors = np.logspace(-1.5, 1.5, len(net.layers["input"].bias)).astype(np.float32)
    layers = dict(net.layers)
    for name, (kernel, bias, *_) in convolutions(net).items():
        columns = factors[None, :, None, None] if name != "input" else np.float32(1)
        rows = factors if name != "heads" else np.ones_like(bias)
        kernel = kernel * rows[:, None, None, None] / columns
        layers[name] = description.ConvolutionLayer(kernel, bias * rows)
    return dataclasses.replace(net, layers=layers)


@pytest.mark.parametrize("net", [network(), skewed(network())], ids=["plain", "skewed"])
def test_equalizing_keeps_the_network(net: description.Description):
    exact = numpy_backend.exact_answers(net)
    equal, ranges = equalize.equalize(net, exact.ranges)
    again = numpy_backend.exact_answers(equal)
    np.testing.assert_allclose(again.outputs.logits, exact.outputs.logits, atol=2e-4)
    np.testing.assert_allclose(again.outputs.values, exact.outputs.values, atol=2e-4)
    for name, expected in ranges.items():
        np.testing.assert_allclose(expected, again.ranges[name], rtol=1e-3, atol=1e-5)
    kernels = zip(convolutions(equal).values(), convolutions(net).values(), strict=True)
    assert any(np.abs(a.kernel - b.kernel).max() > 0.01 for a, b in kernels)


def test_channels_come_closer_to_one_another():
    net = skewed(network())
    exact = numpy_backend.exact_answers(net)
    _, ranges = equalize.equalize(net, exact.ranges)

    def spread(channels: np.ndarray) -> float:
        loud = channels[channels > 0]
        return float(loud.max() / loud.min())

    for name in ranges.keys() - {"input"}:  # which reads planes
        assert spread(ranges[name].high) < spread(exact.ranges[name].high) / 5
    assert ranges["input"] is exact.ranges["input"]


def test_a_dead_channel_and_a_dead_filter_give_finite_weights():
    net = network()
    kernel, bias = (part.copy() for part in net.layers["block 1 first"][:2])
    kernel[3], bias[3] = 0, -1  # never above zero
    dead = {"block 1 first": description.ConvolutionLayer(kernel, bias)}
    net = dataclasses.replace(net, layers={**net.layers, **dead})
    equal, ranges = equalize.equalize(net, numpy_backend.exact_answers(net).ranges)
    assert all(np.isfinite(part).all() for layer in convolutions(equal).values() for part in layer)
    assert ranges["block 1 second"].high[3] == 0


@pytest.mark.skipif(not openvino_backend.is_installed(), reason="openvino is not installed")
def test_8_bits_lose_less(monkeypatch: pytest.MonkeyPatch):
    net = skewed(network())
    exact, positions = numpy_backend.exact_answers(net), calibration.positions(9)

    def distance() -> calibration.Bounds:
        backend = openvino_backend.OpenVinoInt8Backend(net, exact, is_bf16=False, num_threads=1)
        return calibration.distance(exact, net.reader(positions)(backend.run(positions)))

    with_it = distance()
    monkeypatch.setattr(equalize, "equalize", lambda net, ranges: (net, ranges))
    without = distance()
    assert with_it.policy_divergence < without.policy_divergence / 4
    assert with_it.value_difference < without.value_difference / 2
