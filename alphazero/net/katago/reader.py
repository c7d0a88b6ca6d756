"""A reader of KataGo's model files, versions 8 to 15, binary or text, that checks everything.

The layout follows KataGo, cpp/neuralnet/desc.cpp. All blocks begin with a norm and an activation. Kernels lie
in the order y, x, in, out, and matrices in the order in, out.
"""

import contextlib
from pathlib import Path

import numpy as np

from alphazero.net.katago import model, tokens

OLDEST_VERSION, NEWEST_VERSION = 8, 15
NAMED_ACTIVATIONS, SIX_SCORES, TWO_POLICIES, MULTIPLIERS, OPTIONS = 11, 9, 12, 13, 15
"""Versions since which a file names its activations, holds six score values, and so on.

Version 15 also has a hidden layer for the pass.
"""
NUM_OPTIONS, NUM_TRUNK_OPTIONS = 6, 5
"""Numbers that files since version 15 reserve for options. All known files have zeros."""
DEEPEST_NESTING = 8


def read(source: Path | str | bytes) -> model.Model:
    """Reads the network from a file or from a file's content, compressed or not.

    Raises ValueError with the error and its place in one line, also for what is not supported, and OSError if
    the path is unreadable. Memory stays within a small multiple of the file's size.
    """
    with contextlib.closing(tokens.Tokens(source)) as file:
        network = _model(file)
        file.end()
        return network


def is_model(source: Path | str | bytes) -> bool:
    """Whether a file begins as KataGo's files do: a name, a version, and 22 input planes.

    The version need not be one that `read` supports. Raises OSError if the path is unreadable.
    """
    with contextlib.closing(tokens.Tokens(source)) as file:
        try:
            file.word("name")
            file.integer("version", 1, 99)
            file.integer("planes", model.NUM_PLANES, model.NUM_PLANES)
        except ValueError:
            return False
        return True


def _model(file: tokens.Tokens) -> model.Model:
    label = file.word("the network's name")
    if not model.is_label(label):
        raise file.error(f"the network's name is {label!r}, expected {model.LABEL_RULE}")
    version = file.integer("the version", 0)
    if not OLDEST_VERSION <= version <= NEWEST_VERSION:
        supported = f"versions {OLDEST_VERSION} to {NEWEST_VERSION} are"
        raise file.error(f"model version {version} is not supported; {supported}")
    file.integer("the number of input planes", model.NUM_PLANES, model.NUM_PLANES)
    file.integer("the number of global inputs", model.NUM_GLOBALS, model.NUM_GLOBALS)
    multipliers = model.Multipliers()
    if version >= MULTIPLIERS:
        multipliers = model.Multipliers(*(file.positive(name) for name in model.Multipliers._fields))
    suicide_area = version >= OPTIONS and _options(file)
    layers = _LayerReader(file, version)
    input_convolution, input_globals, blocks, tip = layers.trunk()
    filters = len(input_globals.weight)
    return model.Model(
        label=label,
        version=version,
        multipliers=multipliers,
        suicide_area=suicide_area,
        input_convolution=input_convolution,
        input_globals=input_globals,
        blocks=blocks,
        tip=tip,
        policy=layers.policy_head(filters),
        value=layers.value_head(filters),
    )


def _options(file: tokens.Tokens) -> bool:
    """Returns whether area inputs are computed as if suicide were legal."""
    if file.integer("the metadata encoder's version", 0):
        raise file.error("metadata encoders, as in networks that imitate people, are not supported")
    suicide_area = file.integer("the flag of areas under suicide rules", 0, 1)
    for number in range(NUM_OPTIONS):
        file.integer(f"unknown option {number + 1}", 0, 0)
    return bool(suicide_area)


class _LayerReader:
    """The layers of one file, from its beginning to its end. Methods check the widths that are known."""

    def __init__(self, file: tokens.Tokens, version: int) -> None:
        self._file = file
        self._version = version

    def trunk(self) -> tuple[model.Convolution, model.Dense, tuple[model.Block, ...], model.Norm]:
        """Input layers, blocks, and the norm after them."""
        file = self._file
        self._file.enter("the trunk's name")
        num_blocks = file.integer("the number of blocks", 1)
        filters = file.integer("the number of channels", 1)
        for kind in ("mid", "regular", "dilated", "pooling"):
            file.integer(f"the number of {kind} channels", 0)
        if self._version >= OPTIONS:
            if file.integer("the kind of norm", 0, 1):
                raise file.error("RMS norms, as in networks with transformers, are not supported")
            for number in range(NUM_TRUNK_OPTIONS):
                file.integer(f"unknown option {number + 1}", 0, 0)
        input_convolution = self._convolution(model.NUM_PLANES, filters)
        input_globals = self._dense(model.NUM_GLOBALS, filters)
        blocks = self._blocks(num_blocks, filters, depth=1)
        return input_convolution, input_globals, blocks, self._norm(filters)

    def policy_head(self, filters: int) -> model.PolicyHead:
        """Logits of points and pass."""
        self._file.enter("the policy head's name")
        outputs = 2 if self._version >= TWO_POLICIES else 1
        points = self._convolution(filters)
        width = len(points.kernel)
        pooled, pooled_norm = self._pooled(filters)
        num_pooled = 3 * len(pooled.kernel)
        to_bias = self._dense(num_pooled, width)
        norm, last = self._norm(width), self._convolution(width, outputs)
        if self._version < OPTIONS:
            to_pass = self._dense(num_pooled, outputs)
            pass_activation, last_pass = model.Activation.identity, None
        else:
            to_pass = self._with_bias(self._dense(num_pooled, width))
            pass_activation, last_pass = self._activation(), self._dense(width, outputs)
        return model.PolicyHead(
            points, pooled, pooled_norm, to_bias, norm, last, to_pass, pass_activation, last_pass
        )

    def value_head(self, filters: int) -> model.ValueHead:
        """Outcome, scores and owners."""
        self._file.enter("the value head's name")
        features = self._convolution(filters)
        width = len(features.kernel)
        norm = self._norm(width)
        hidden = self._with_bias(self._dense(3 * width))
        hidden_activation = self._activation()
        num_hidden = len(hidden.bias)
        outcome = self._with_bias(self._dense(num_hidden, 3))
        scores = self._with_bias(self._dense(num_hidden, 6 if self._version >= SIX_SCORES else 4))
        ownership = self._convolution(width, 1)
        return model.ValueHead(features, norm, hidden, hidden_activation, outcome, scores, ownership)

    def _blocks(self, number: int, channels: int, depth: int) -> tuple[model.Block, ...]:
        return tuple(self._block(channels, depth) for _ in range(number))

    def _block(self, channels: int, depth: int) -> model.Block:
        kind = self._file.word("the kind of a block")
        if kind.startswith("transformer"):
            raise self._file.error(f"transformers ({kind}) are not supported")
        if kind not in ("ordinary_block", "gpool_block", "nested_bottleneck_block"):
            raise self._file.error(f"blocks of the kind {kind[:40]!r} are not supported")
        self._file.enter("the block's name")
        if kind == "nested_bottleneck_block":
            return self._nested_block(channels, depth)
        norm, first = self._norm(channels), self._convolution(channels)
        width = len(first.kernel)
        if kind == "ordinary_block":
            return model.OrdinaryBlock(norm, first, self._norm(width), self._convolution(width, channels))
        pooled, pooled_norm = self._pooled(channels)
        to_bias = self._dense(3 * len(pooled.kernel), width)
        middle, last = self._norm(width), self._convolution(width, channels)
        return model.PoolingBlock(norm, first, pooled, pooled_norm, to_bias, middle, last)

    def _nested_block(self, channels: int, depth: int) -> model.NestedBlock:
        if depth > DEEPEST_NESTING:
            raise self._file.error(f"bottlenecks nested more than {DEEPEST_NESTING} deep are not supported")
        number = self._file.integer("the number of inner blocks", 1)
        norm, first = self._norm(channels), self._convolution(channels)
        width = len(first.kernel)
        blocks = self._blocks(number, width, depth + 1)
        return model.NestedBlock(norm, first, blocks, self._norm(width), self._convolution(width, channels))

    def _pooled(self, channels: int) -> tuple[model.Convolution, model.Norm]:
        convolution = self._convolution(channels)
        norm = self._norm(len(convolution.kernel))
        if norm.activation == model.Activation.identity:
            # KataGo's maximum over the board starts at -1, which the other activations never go below.
            raise self._file.error(f"pooling after {norm.activation.value} is not supported")
        return convolution, norm

    def _width(self, what: str, expected: int | None) -> int:
        name = f"the number of {what} channels"
        return self._file.integer(name, expected, expected) if expected else self._file.integer(name, 1)

    def _convolution(self, inputs: int, outputs: int | None = None) -> model.Convolution:
        file = self._file
        self._file.enter("the convolution's name")
        height, width = file.integer("the kernel's height", 1), file.integer("the kernel's width", 1)
        inputs, outputs = self._width("input", inputs), self._width("output", outputs)
        dilations = file.integer("the dilation", 1), file.integer("the dilation", 1)
        if dilations != (1, 1):
            raise file.error("dilations of {} x {} are not supported".format(*dilations))
        if height != width or height % 2 == 0:
            raise file.error(f"kernels of {height} x {width} are not supported; square ones of odd side are")
        numbers = file.array(height * width * inputs * outputs)
        from_top = numbers.reshape(height, width, inputs, outputs).transpose(3, 2, 0, 1)
        return model.Convolution(from_top[:, :, ::-1].copy())

    def _dense(self, inputs: int, outputs: int | None = None) -> model.Dense:
        """A matrix with zero biases."""
        self._file.enter("the matrix's name")
        inputs, outputs = self._width("input", inputs), self._width("output", outputs)
        weight = self._file.array(inputs * outputs).reshape(inputs, outputs).T
        return model.Dense(np.ascontiguousarray(weight), np.zeros(outputs, np.float32))

    def _with_bias(self, dense: model.Dense) -> model.Dense:
        """The matrix with the biases that follow it in the file."""
        self._file.enter("the biases' name")
        return dense._replace(bias=self._file.array(self._width("bias", len(dense.bias))))

    def _activation(self) -> model.Activation:
        self._file.enter("the activation's name")
        if self._version < NAMED_ACTIVATIONS:
            return model.Activation.relu
        word = self._file.word("the activation")
        try:
            return model.Activation(word)
        except ValueError:
            supported = ", ".join(activation.value for activation in model.Activation)
            raise self._file.error(f"{word[:40]} is not supported; {supported} are") from None

    def _norm(self, channels: int) -> model.Norm:
        """A norm, with its factor and offset merged, and the activation after it."""
        file = self._file
        self._file.enter("the norm's name")
        channels = self._width("norm", channels)
        epsilon = np.float32(file.positive("epsilon"))
        has_scale = file.integer("the flag of scales", 0, 1)
        has_bias = file.integer("the flag of biases", 0, 1)
        mean, variance = file.array(channels).astype(np.float64), file.array(channels).astype(np.float64)
        if variance.min() < 0:
            raise file.error(f"a variance is {variance.min()}, expected 0 or more")
        scale = file.array(channels) if has_scale else np.ones(channels, np.float32)
        bias = file.array(channels) if has_bias else np.zeros(channels, np.float32)
        factor = scale / np.sqrt(variance + epsilon)
        offset = bias - factor * mean
        if np.abs([factor, offset]).max() > np.finfo(np.float32).max:
            raise file.error("the norm's factors are beyond float32")
        return model.Norm(factor.astype(np.float32), offset.astype(np.float32), self._activation())
