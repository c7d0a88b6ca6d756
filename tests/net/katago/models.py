"""Small KataGo networks with random weights, for tests."""

from collections.abc import Sequence

import numpy as np

from alphazero.net.katago import model

# A nested block is the tuple of its inner blocks' kinds.
Kind = str | tuple["Kind", ...]


class Drawer:
    """Draws layers of one network. `scale` is the size of their outputs, beside inputs of size 1."""

    def __init__(self, rng: np.random.Generator, activation: model.Activation) -> None:
        self.rng = rng
        self.activation = activation

    def numbers(self, *shape: int) -> np.ndarray:
        return self.rng.standard_normal(shape).astype(np.float32)

    def convolution(self, inputs: int, outputs: int, side: int = 3) -> model.Convolution:
        kernel = self.numbers(outputs, inputs, side, side) / np.float32(np.sqrt(inputs * side * side))
        return model.Convolution(kernel)

    def dense(self, inputs: int, outputs: int, *, has_bias: bool = False) -> model.Dense:
        bias = self.numbers(outputs) if has_bias else np.zeros(outputs, np.float32)
        return model.Dense(self.numbers(outputs, inputs) / np.float32(np.sqrt(inputs)), bias)

    def norm(self, channels: int) -> model.Norm:
        return model.Norm(self.numbers(channels), self.numbers(channels) / 2, self.activation)

    def block(self, kind: Kind, channels: int) -> model.Block:
        width = max(channels // 2, 1)
        norm, first = self.norm(channels), self.convolution(channels, width)
        if isinstance(kind, tuple):
            inner = tuple(self.block(inner, width) for inner in kind)
            return model.NestedBlock(norm, first, inner, self.norm(width), self.convolution(width, channels))
        middle, last = self.norm(width), self.convolution(width, channels)
        if kind == "ordinary":
            return model.OrdinaryBlock(norm, first, middle, last)
        assert kind == "pooling"
        pooled = self.convolution(channels, 2)
        return model.PoolingBlock(norm, first, pooled, self.norm(2), self.dense(6, width), middle, last)

    def policy_head(self, filters: int, version: int) -> model.PolicyHead:
        outputs, width, pooled = 2 if version >= 12 else 1, 5, 3
        has_hidden = version >= 15
        return model.PolicyHead(
            points=self.convolution(filters, width, 1),
            pooled=self.convolution(filters, pooled, 1),
            pooled_norm=self.norm(pooled),
            to_bias=self.dense(3 * pooled, width),
            norm=self.norm(width),
            last=self.convolution(width, outputs, 1),
            to_pass=self.dense(3 * pooled, width if has_hidden else outputs, has_bias=has_hidden),
            pass_activation=self.activation if has_hidden else model.Activation.identity,
            last_pass=self.dense(width, outputs) if has_hidden else None,
        )

    def value_head(self, filters: int, version: int) -> model.ValueHead:
        width, hidden = 4, 7
        return model.ValueHead(
            features=self.convolution(filters, width, 1),
            norm=self.norm(width),
            hidden=self.dense(3 * width, hidden, has_bias=True),
            hidden_activation=self.activation,
            outcome=self.dense(hidden, 3, has_bias=True),
            scores=self.dense(hidden, 6 if version >= 9 else 4, has_bias=True),
            ownership=self.convolution(width, 1, 1),
        )


def random_model(
    version: int = 8,
    kinds: Sequence[Kind] = ("ordinary", "pooling"),
    filters: int = 6,
    seed: int = 1,
    activation: model.Activation = model.Activation.relu,
) -> model.Model:
    """A network with blocks of these kinds. Activations other than ReLU need version 11 or later."""
    rng = np.random.default_rng(seed)
    draw = Drawer(rng, activation)
    multipliers = model.Multipliers()
    if version >= 13:
        multipliers = model.Multipliers(*rng.uniform(0.1, 50, len(multipliers)))
    return model.Model(
        label="random-net_1",
        version=version,
        multipliers=multipliers,
        suicide_area=version >= 15,
        input_convolution=draw.convolution(model.NUM_PLANES, filters),
        input_globals=draw.dense(model.NUM_GLOBALS, filters),
        blocks=tuple(draw.block(kind, filters) for kind in kinds),
        tip=draw.norm(filters),
        policy=draw.policy_head(filters, version),
        value=draw.value_head(filters, version),
    )


def same(one: object, other: object) -> bool:
    """Whether two networks, or parts of networks, are equal in every number, shape and name."""
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.dtype == other.dtype == np.float32 and np.array_equal(one, other)
    if isinstance(one, model.Model) and isinstance(other, model.Model):
        return all(same(getattr(one, name), getattr(other, name)) for name in model.Model.__slots__)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return one == other


def random_inputs(batch: int, size: int = 5, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Planes [B, 22, N, N] uint8 of zeros and ones, all points on the board, and globals [B, 19] float32."""
    rng = np.random.default_rng(seed)
    planes = (rng.random((batch, model.NUM_PLANES, size, size)) < 0.3).astype(np.uint8)
    planes[:, 0] = 1
    return planes, rng.uniform(-1, 1, (batch, model.NUM_GLOBALS)).astype(np.float32)
