"""Trunks with ReLUs after their blocks: their form in KataGo's format computes the same and leads back."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphazero.net.katago import model, numpy_forward, reader, rectified
from tests.net.katago import torch_nets

FLOAT = np.float32


def random_trunk(rng: np.random.Generator, filters: int, pooled: list[int]) -> rectified.RectifiedTrunk:
    """A trunk whose blocks pool these numbers of channels. Biases have either sign, and some are large."""

    def normal(*shape: int, scale: float = 1.0) -> np.ndarray:
        return rng.normal(scale=scale, size=shape).astype(FLOAT)

    def norm(channels: int) -> model.Norm:
        return model.Norm(normal(channels), normal(channels), model.Activation.relu)

    def kernel(outputs: int, inputs: int, side: int) -> model.Convolution:
        return model.Convolution(normal(outputs, inputs, side, side, scale=1 / np.sqrt(inputs * side**2)))

    def block(channels: int) -> rectified.RectifiedBlock:
        regular = max(filters - channels, 1)
        pooling = None
        if channels:
            weight = model.Dense(normal(regular, 3 * channels, scale=0.3), np.zeros(regular, FLOAT))
            pooling = rectified.Pooling(kernel(channels, filters, 3), norm(channels), weight)
        last = kernel(filters, regular, 3)
        return rectified.RectifiedBlock(
            kernel(regular, filters, 3), pooling, norm(regular), last, normal(filters, scale=3.0)
        )

    return rectified.RectifiedTrunk(
        input_convolution=kernel(filters, model.NUM_PLANES, 3),
        input_globals=model.Dense(normal(filters, model.NUM_GLOBALS), np.zeros(filters, FLOAT)),
        bias=normal(filters, scale=3.0),
        blocks=tuple(map(block, pooled)),
    )


def plain_forward(trunk: rectified.RectifiedTrunk, planes: np.ndarray, globals: np.ndarray) -> np.ndarray:
    """The trunk's last channels [B, C, N, N], one layer after the other as its docstrings say, in float64."""

    def convolve(x: np.ndarray, layer: model.Convolution) -> np.ndarray:
        kernel, size = layer.kernel.astype(np.float64), x.shape[-1]
        border = kernel.shape[-1] // 2
        padded = np.pad(x, ((0, 0), (0, 0), (border, border), (border, border)))
        found = np.zeros((len(x), len(kernel), size, size))
        for i, j in np.ndindex(*kernel.shape[2:]):
            shifted = padded[:, :, i : i + size, j : j + size]
            found += np.einsum("oc,bchw->bohw", kernel[:, :, i, j], shifted)
        return found

    def wide(numbers: np.ndarray) -> np.ndarray:
        return numbers.astype(np.float64)[..., None, None]

    def normed(x: np.ndarray, norm: model.Norm) -> np.ndarray:
        return np.maximum(wide(norm.scale) * x + wide(norm.bias), 0)

    x = convolve(planes.astype(np.float64), trunk.input_convolution)
    x = np.maximum(x + wide(globals @ trunk.input_globals.weight.T) + wide(trunk.bias), 0)
    for block in trunk.blocks:
        y = convolve(x, block.first)
        if block.pooling is not None:
            pooled = normed(convolve(x, block.pooling.pooled), block.pooling.pooled_norm)
            means, side = pooled.mean(axis=(2, 3)), (x.shape[-1] - 14) / 10
            pools = np.concatenate([means, side * means, pooled.max(axis=(2, 3))], axis=1)
            y = y + wide(pools @ block.pooling.to_bias.weight.T)
        y = convolve(normed(y, block.middle), block.last)
        x = np.maximum(x + y + wide(block.bias), 0)
    return x


def heads_of(filters: int) -> rectified.Heads:
    net = torch_nets.random_net(torch_nets.make_config(filters=filters))
    return net.heads.export(net.shape.traits)


TRUNKS = st.tuples(
    st.integers(0, 2**32 - 1),
    st.integers(2, 8),
    st.lists(st.integers(0, 3), max_size=4),
    st.integers(2, 9),
)


@settings(max_examples=40, deadline=None)
@given(TRUNKS)
def test_the_blocks_compute_the_trunk(case: tuple[int, int, list[int], int]):
    seed, filters, pooled, size = case
    trunk = random_trunk(np.random.default_rng(seed), filters, pooled)
    planes, globals = torch_nets.random_inputs(2, size, seed % 1000)
    found = rectified.to_model(trunk, heads_of(filters), "test")
    x = numpy_forward._convolve(planes.astype(np.float64), found.input_convolution)
    x += numpy_forward._dense(globals.astype(np.float64), found.input_globals)[:, :, None, None]
    tip = numpy_forward._normalize(numpy_forward._blocks(x, found.blocks), found.tip)
    expected = plain_forward(trunk, planes, globals.astype(np.float64))
    np.testing.assert_allclose(tip, expected, rtol=1e-5, atol=1e-5 * max(1.0, float(expected.max())))


@settings(max_examples=40, deadline=None)
@given(TRUNKS)
def test_detect_is_the_inverse(case: tuple[int, int, list[int], int]):
    """Kernels, norms and the first bias bit for bit; later biases within the rounding of their sums."""
    seed, filters, pooled, _ = case
    trunk = random_trunk(np.random.default_rng(seed), filters, pooled)
    found = rectified.detect(rectified.to_model(trunk, heads_of(filters), "test"))
    assert found is not None and len(found.blocks) == len(trunk.blocks)
    sums = np.abs(np.cumsum([trunk.bias, *(block.bias for block in trunk.blocks)], axis=0)).max() + 1
    for ours, theirs in zip(found.blocks, trunk.blocks, strict=True):
        np.testing.assert_allclose(ours.bias, theirs.bias, rtol=0, atol=2 * np.finfo(FLOAT).eps * sums)
        for mine, other in zip(arrays(ours._replace(bias=theirs.bias)), arrays(theirs), strict=True):
            assert mine.tobytes() == other.tobytes()
    for mine, other in zip(found[:3], trunk[:3], strict=True):
        for ours, theirs in zip(arrays(mine), arrays(other), strict=True):
            assert ours.tobytes() == theirs.tobytes()


def arrays(part: object) -> list[np.ndarray]:
    """All arrays of a part, in their order."""
    if isinstance(part, np.ndarray):
        return [part]
    return [array for each in part for array in arrays(each)] if isinstance(part, tuple) else []


CHANGES = {
    "an unknown kernel": lambda block: block._replace(first=model.Convolution(1.5 * block.first.kernel)),
    "another factor": lambda block: block._replace(norm=block.norm._replace(scale=-2 * block.norm.scale)),
    "another offset": lambda block: block._replace(norm=block.norm._replace(bias=block.norm.bias + 1)),
    "a middle bias": lambda block: block._replace(middle=block.middle._replace(bias=block.middle.bias + 1)),
    "a mish": lambda block: block._replace(norm=block.norm._replace(activation=model.Activation.mish)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("index", [0, 2, 4])
def test_a_trunk_that_differs_in_one_rectifying_block_is_foreign(change: str, index: int):
    trunk = random_trunk(np.random.default_rng(1), 4, [0, 2])
    written = rectified.to_model(trunk, heads_of(4), "test")
    assert rectified.detect(written) is not None
    blocks = list(written.blocks)
    blocks[index] = CHANGES[change](blocks[index])
    assert rectified.detect(dataclasses.replace(written, blocks=tuple(blocks))) is None
    assert rectified.detect(dataclasses.replace(written, blocks=written.blocks[:-1])) is None
    assert rectified.detect(dataclasses.replace(written, version=9)) is None


def test_networks_of_katago_are_foreign(shared_data: Path):
    for name in ("g170-b6c96", "b2c16-v11", "b4c32-v14", "nbt-v15"):
        assert rectified.detect(reader.read(shared_data / f"katago/{name}.bin.gz")) is None
