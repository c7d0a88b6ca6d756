"""Trunks that apply ReLUs after their blocks, and their exact form in KataGo's format.

KataGo's blocks start with a norm and an activation, and nothing follows their sum. A trunk with a ReLU after
each sum is exactly expressible all the same, since y + relu(-y) = relu(y): one more ordinary block after the
input and after each block computes relu(-y) and adds it. Its convolutions are identities.
"""

from typing import NamedTuple

import numpy as np

from alphazero.net.katago import model


class Pooling(NamedTuple):
    """The part of a block that adds pooled features as a bias, with the fields of `model.PoolingBlock`."""

    pooled: model.Convolution
    pooled_norm: model.Norm
    to_bias: model.Dense


class RectifiedBlock(NamedTuple):
    """A block of x >= 0: relu(x + last(middle(first(x) + pooling(x))) + bias)."""

    first: model.Convolution
    pooling: Pooling | None
    middle: model.Norm
    last: model.Convolution
    bias: np.ndarray  # [C] float32


class RectifiedTrunk(NamedTuple):
    """A trunk that starts with relu(input_convolution(planes) + input_globals(globals) + bias)."""

    input_convolution: model.Convolution
    input_globals: model.Dense
    bias: np.ndarray  # [C] float32
    blocks: tuple[RectifiedBlock, ...]
