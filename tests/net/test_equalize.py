"""Equalized networks: the same answers in floats, better ones in 8 bits."""

import numpy as np
import pytest

from alphazero.net import calibration, equalize, folding, numpy_backend, openvino_backend
from tests.net import networks


def network(seed: int = 1) -> folding.Folded:
    return folding.fold(networks.random_weights(size=9, blocks=2, filters=16, seed=seed))


def skewed(net: folding.Folded) -> folding.Folded:
    """The same network with very different ranges of the channels, in the trunk and within blocks."""
    factors = np.logspace(-1.5, 1.5, len(net.tower[0].bias)).astype(np.float32)
    rows, columns = factors[:, None, None, None], factors[None, :, None, None]
    tower = [
        folding.FoldedConvolution(layer.kernel * rows / (columns if index else 1), layer.bias * factors)
        for index, layer in enumerate(net.tower)
    ]
    return net._replace(tower=tuple(tower), heads=net.heads._replace(kernel=net.heads.kernel / columns))


@pytest.mark.parametrize("net", [network(), skewed(network())], ids=["plain", "skewed"])
def test_equalizing_keeps_the_network(net: folding.Folded):
    exact = numpy_backend.exact_answers(net)
    equal, tops = equalize.equalize(net, exact.tops)
    again = numpy_backend.exact_answers(equal)
    np.testing.assert_allclose(again.logits, exact.logits, atol=2e-4)
    np.testing.assert_allclose(again.values, exact.values, atol=2e-4)
    for expected, found in zip(tops, again.tops, strict=True):
        np.testing.assert_allclose(expected, found, rtol=1e-3, atol=1e-5)
    assert any(np.abs(a.kernel - b.kernel).max() > 0.01 for a, b in zip(equal.tower, net.tower, strict=True))


def test_channels_come_closer_to_one_another():
    net = skewed(network())
    exact = numpy_backend.exact_answers(net)
    _, tops = equalize.equalize(net, exact.tops)

    def spread(channels: np.ndarray) -> float:
        loud = channels[channels > 0]
        return float(loud.max() / loud.min())

    for before, after in zip(exact.tops[1:], tops[1:], strict=True):  # the first reads planes
        assert spread(after) < spread(before) / 5
    assert np.array_equal(tops[0], exact.tops[0])


def test_a_dead_channel_and_a_dead_filter_give_finite_weights():
    net = network()
    kernel, bias = net.tower[1].kernel.copy(), net.tower[1].bias.copy()
    kernel[3], bias[3] = 0, -1  # never above zero
    net = net._replace(tower=(net.tower[0], folding.FoldedConvolution(kernel, bias), *net.tower[2:]))
    equal, tops = equalize.equalize(net, numpy_backend.exact_answers(net).tops)
    assert all(np.isfinite(part).all() for layer in equal.tower for part in layer)
    assert tops[2][3] == 0


@pytest.mark.skipif(not openvino_backend.is_installed(), reason="openvino is not installed")
def test_8_bits_lose_less(monkeypatch: pytest.MonkeyPatch):
    net = skewed(network())
    exact, positions = numpy_backend.exact_answers(net), calibration.positions(9)

    def distance() -> calibration.Bounds:
        backend = openvino_backend.OpenVinoInt8Backend(net, exact, is_bf16=False, num_threads=1)
        return calibration.distance(exact, backend.run(positions))

    with_it = distance()
    monkeypatch.setattr(equalize, "equalize", lambda net, tops: (net, tops))
    without = distance()
    assert with_it.policy_divergence < without.policy_divergence / 4
    assert with_it.value_difference < without.value_difference / 2
