"""A writer of KataGo's model files, binary or text, compressed or not.

A network is written in its own version; `reader` says what the versions hold. Networks of version 8 ask least
of KataGo, so ours are of that version. Equal networks make equal files, and `reader.read` returns a network
that equals the written one.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from alphazero import files
from alphazero.net.katago import model, reader, tokens

SUFFIXES = (".bin.gz", ".bin", ".txt.gz", ".txt")
NUM_SCORES = 4
"""Score values before version 9; later versions have two more."""
EPSILON = "1e-20"
"""Vanishes beside the variance of 1 with which norms are written, so their factors stay exact."""


def write(network: model.Model, path: Path | str) -> None:
    """Writes the file atomically, in the form that its suffix names. A crash never leaves a partial file.

    Raises ValueError if the suffix is none of SUFFIXES, or like `to_bytes`.
    """
    path = Path(path)
    if not path.name.endswith(SUFFIXES):
        raise ValueError(f"{path}: the name of a KataGo network ends in one of {', '.join(SUFFIXES)}")
    data = to_bytes(network, is_binary=".bin" in path.suffixes[-2:])
    if path.suffix == ".gz":
        data = gzip.compress(data, compresslevel=6, mtime=0)
    files.write_atomic(path, data)


def to_bytes(network: model.Model, *, is_binary: bool = True) -> bytes:
    """Returns the content of the file without compression.

    Raises ValueError, in one line, if the network's version cannot hold it or KataGo could not load it.
    """
    layers = _LayerWriter(network.version, is_binary)
    layers.header(network)
    layers.trunk(network)
    layers.policy_head(network.policy, network.filters)
    layers.value_head(network.value, network.filters)
    return b"".join(layers.parts)


class _LayerWriter:
    """The parts of one file, in order. Each layer is checked before it is added."""

    def __init__(self, version: int, is_binary: bool) -> None:
        self.parts: list[bytes] = []
        self._version = version
        self._is_binary = is_binary

    def header(self, network: model.Model) -> None:
        """Name, version, numbers of inputs, multipliers and options."""
        version = self._version
        if not reader.OLDEST_VERSION <= version <= reader.NEWEST_VERSION:
            supported = f"{reader.OLDEST_VERSION} to {reader.NEWEST_VERSION}"
            raise ValueError(f"model version {version} cannot be written, expected {supported}")
        if not model.is_label(network.label):
            raise ValueError(f"the network's name is {network.label!r}, expected {model.LABEL_RULE}")
        self._words(network.label, version, model.NUM_PLANES, model.NUM_GLOBALS)
        if version >= reader.MULTIPLIERS:
            self._multipliers(network.multipliers)
        elif network.multipliers != model.Multipliers():
            raise self._cannot("multipliers other than KataGo's first ones")
        if version >= reader.OPTIONS:
            self._words(0, int(network.suicide_area), *[0] * reader.NUM_OPTIONS)
        elif network.suicide_area:
            raise self._cannot("areas under suicide rules")

    def trunk(self, network: model.Model) -> None:
        """Input layers, blocks, and the norm after them."""
        filters = network.filters
        mid = max((len(block.first.kernel) for block in network.blocks), default=filters)
        pooling = max((len(block.pooled.kernel) for block in _pooling_blocks(network.blocks)), default=1)
        # KataGo checks its buffers with these numbers; the layers themselves say their widths.
        self._words("trunk", len(network.blocks), filters, mid, mid, pooling, pooling)
        if self._version >= reader.OPTIONS:
            self._words(*[0] * (1 + reader.NUM_TRUNK_OPTIONS))
        self._convolution("input", network.input_convolution, model.NUM_PLANES, filters)
        self._dense("input_globals", network.input_globals, model.NUM_GLOBALS, filters)
        self._blocks("blocks", network.blocks, filters)
        self._norm("tip", network.tip, filters)

    def policy_head(self, head: model.PolicyHead, filters: int) -> None:
        """Logits of points and pass."""
        self._words("policy")
        width, num_pooled = len(head.points.kernel), 3 * len(head.pooled.kernel)
        outputs = 2 if self._version >= reader.TWO_POLICIES else 1
        if len(head.last.kernel) != outputs:
            raise self._cannot(f"a policy of {len(head.last.kernel)} channels instead of {outputs}")
        self._convolution("policy.points", head.points, filters, width)
        self._pooled("policy", head.pooled, head.pooled_norm, filters)
        self._dense("policy.to_bias", head.to_bias, num_pooled, width)
        self._norm("policy.norm", head.norm, width)
        self._convolution("policy.last", head.last, width, outputs)
        has_hidden = head.last_pass is not None or head.pass_activation != model.Activation.identity
        if has_hidden != (self._version >= reader.OPTIONS) or has_hidden != (head.last_pass is not None):
            raise self._cannot(f"a pass {'with' if has_hidden else 'without'} a hidden layer")
        if head.last_pass is None:
            self._dense("policy.to_pass", head.to_pass, num_pooled, outputs)
        else:
            self._dense("policy.to_pass", head.to_pass, num_pooled, width, has_bias=True)
            self._activation("policy.pass_activation", head.pass_activation)
            self._dense("policy.last_pass", head.last_pass, width, outputs)

    def value_head(self, head: model.ValueHead, filters: int) -> None:
        """Outcome, scores and owners."""
        self._words("value")
        width, hidden = len(head.features.kernel), len(head.hidden.bias)
        num_scores = NUM_SCORES + (2 if self._version >= reader.SIX_SCORES else 0)
        if len(head.scores.bias) != num_scores:
            raise self._cannot(f"{len(head.scores.bias)} score values instead of {num_scores}")
        self._convolution("value.features", head.features, filters, width)
        self._norm("value.norm", head.norm, width)
        self._dense("value.hidden", head.hidden, 3 * width, hidden, has_bias=True)
        self._activation("value.hidden_activation", head.hidden_activation)
        self._dense("value.outcome", head.outcome, hidden, 3, has_bias=True)
        self._dense("value.scores", head.scores, hidden, num_scores, has_bias=True)
        self._convolution("value.ownership", head.ownership, width, 1)

    def _cannot(self, what: str) -> ValueError:
        return ValueError(f"model version {self._version} cannot hold {what}")

    def _words(self, *words: str | int | float) -> None:
        self.parts += [f"{word}\n".encode() for word in words]

    def _multipliers(self, multipliers: model.Multipliers) -> None:
        for name, number in multipliers._asdict().items():
            if not (np.isfinite(np.float32(number)) and np.float32(number) > 0):
                raise ValueError(f"the multiplier {name} is {number}, expected a positive number")
            self._words(float(number))

    def _blocks(self, prefix: str, blocks: tuple[model.Block, ...], channels: int) -> None:
        if not blocks:
            raise self._cannot("a trunk without blocks")
        for number, block in enumerate(blocks):
            self._block(f"{prefix}.{number}", block, channels)

    def _block(self, name: str, block: model.Block, channels: int) -> None:
        width = len(block.first.kernel)
        if isinstance(block, model.NestedBlock):
            self._words("nested_bottleneck_block", name, len(block.blocks))
        else:
            self._words("gpool_block" if isinstance(block, model.PoolingBlock) else "ordinary_block", name)
        self._norm(f"{name}.norm", block.norm, channels)
        self._convolution(f"{name}.first", block.first, channels, width)
        if isinstance(block, model.NestedBlock):
            self._blocks(f"{name}.blocks", block.blocks, width)
            self._norm(f"{name}.last_norm", block.last_norm, width)
        else:
            if isinstance(block, model.PoolingBlock):
                self._pooled(name, block.pooled, block.pooled_norm, channels)
                self._dense(f"{name}.to_bias", block.to_bias, 3 * len(block.pooled.kernel), width)
            self._norm(f"{name}.middle", block.middle, width)
        self._convolution(f"{name}.last", block.last, width, channels)

    def _pooled(self, name: str, convolution: model.Convolution, norm: model.Norm, channels: int) -> None:
        self._convolution(f"{name}.pooled", convolution, channels, len(convolution.kernel))
        if norm.activation == model.Activation.identity:
            raise ValueError(f"{name}.pooled_norm: pooling after {norm.activation.value} is not supported")
        self._norm(f"{name}.pooled_norm", norm, len(convolution.kernel))

    def _convolution(self, name: str, layer: model.Convolution, inputs: int, outputs: int) -> None:
        kernel = layer.kernel
        side = kernel.shape[-1]
        _check_shape(name, kernel, (outputs, inputs, side, side))
        if side % 2 == 0:
            raise ValueError(f"{name} has a kernel of {side} x {side}, expected an odd side")
        self._words(name, side, side, inputs, outputs, 1, 1)
        self._array(name, kernel[:, :, ::-1].transpose(2, 3, 1, 0))

    def _dense(
        self, name: str, layer: model.Dense, inputs: int, outputs: int, *, has_bias: bool = False
    ) -> None:
        _check_shape(name, layer.weight, (outputs, inputs))
        _check_shape(f"{name}.bias", layer.bias, (outputs,))
        self._words(name, inputs, outputs)
        self._array(name, layer.weight.T)
        if has_bias:
            self._words(f"{name}.bias", outputs)
            self._array(f"{name}.bias", layer.bias)
        elif layer.bias.any():
            raise self._cannot(f"biases of {name}")

    def _norm(self, name: str, norm: model.Norm, channels: int) -> None:
        """Mean 0, variance 1, scales and biases, then the activation."""
        _check_shape(f"{name}.scale", norm.scale, (channels,))
        _check_shape(f"{name}.bias", norm.bias, (channels,))
        self._words(name, channels, EPSILON, 1, 1)
        for row in (np.zeros(channels), np.ones(channels), norm.scale, norm.bias):
            self._array(name, row)
        self._activation(f"{name}.activation", norm.activation)

    def _activation(self, name: str, activation: model.Activation) -> None:
        self._words(name)
        if self._version >= reader.NAMED_ACTIVATIONS:
            self._words(activation.value)
        elif activation != model.Activation.relu:
            raise self._cannot(f"{activation.value} of {name}")

    def _array(self, name: str, numbers: np.ndarray) -> None:
        if not np.isfinite(numbers).all():
            raise ValueError(f"{name} has numbers that are not finite")
        row = np.ascontiguousarray(numbers, np.float32).ravel()
        if self._is_binary:
            self.parts += [tokens.BINARY_MARK, row.astype("<f4", copy=False).tobytes(), b"\n"]
        else:
            # Each number is the shortest text that reads back as the same float32.
            self.parts.append((" ".join(map(str, row)) + "\n").encode())


def _pooling_blocks(blocks: tuple[model.Block, ...]) -> Iterator[model.PoolingBlock]:
    """All pooling blocks, those inside nested blocks, too."""
    for block in blocks:
        if isinstance(block, model.PoolingBlock):
            yield block
        elif isinstance(block, model.NestedBlock):
            yield from _pooling_blocks(block.blocks)


def _check_shape(name: str, array: np.ndarray, expected: tuple[int, ...]) -> None:
    if array.shape != expected:
        raise ValueError(f"{name} has shape {array.shape}, expected {expected}")
