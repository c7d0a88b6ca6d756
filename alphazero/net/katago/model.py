"""KataGo's networks as plain arrays: what a model file of versions 8 to 15 holds.

Kernels lie in torch's order. Their rows begin at the bottom, as those of boards here; in files they begin at
the top, as KataGo's boards do. So the answers are those of KataGo. Each norm is merged into a factor and an
offset for each channel, because files of different versions write norms in different ways. Source: KataGo,
cpp/neuralnet/desc.cpp.
"""

import re
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

import numpy as np

from alphazero.net.leela import Dense

NUM_PLANES, NUM_GLOBALS = 22, 19
"""Inputs of version 7, which all these networks take."""
LABEL_RULE = '1 to 96 of the characters A-Z, a-z, 0-9, "_" and "-"'


class Activation(Enum):
    """Activation functions; the values are the words of the file."""

    identity = "ACTIVATION_IDENTITY"
    relu = "ACTIVATION_RELU"
    mish = "ACTIVATION_MISH"


class Convolution(NamedTuple):
    """A convolution with zero padding, without bias."""

    kernel: np.ndarray  # [O, I, K, K] float32, K odd


class Norm(NamedTuple):
    """A merged norm and the activation after it: activation(scale * x + bias)."""

    scale: np.ndarray  # [C] float32
    bias: np.ndarray  # [C] float32
    activation: Activation


class OrdinaryBlock(NamedTuple):
    """A residual block: x + last(middle(first(norm(x)))), with norms before the convolutions."""

    norm: Norm
    first: Convolution
    middle: Norm
    last: Convolution


class PoolingBlock(NamedTuple):
    """A residual block in which pooled features add a bias to the first convolution's channels.

    The bias is to_bias(pool(pooled_norm(pooled(norm(x))))), where pool gives means, means scaled by the
    board's size, and maxima.
    """

    norm: Norm
    first: Convolution  # [R, C, K, K]
    pooled: Convolution  # [G, C, K, K]
    pooled_norm: Norm
    to_bias: Dense  # [R, 3 * G], without bias
    middle: Norm
    last: Convolution


class NestedBlock(NamedTuple):
    """A bottleneck: x + last(last_norm(blocks(first(norm(x))))) with residual blocks on fewer channels."""

    norm: Norm
    first: Convolution
    blocks: "tuple[Block, ...]"
    last_norm: Norm
    last: Convolution


Block = OrdinaryBlock | PoolingBlock | NestedBlock


class PolicyHead(NamedTuple):
    """The policy: a logit for each point and one for the pass, in 1 channel or 2.

    The second channel, since version 12, is the optimistic policy, which only KataGo's search uses.
    """

    points: Convolution  # "p1"
    pooled: Convolution  # "g1"
    pooled_norm: Norm
    to_bias: Dense  # without bias
    norm: Norm
    last: Convolution  # "p2", [1 or 2, H, K, K]
    to_pass: Dense  # since version 15 a hidden layer, with bias
    pass_activation: Activation  # of the hidden layer; identity before version 15
    last_pass: Dense | None  # since version 15


class ValueHead(NamedTuple):
    """Outcome, score and owners, all for the player to move."""

    features: Convolution  # "v1"
    norm: Norm
    hidden: Dense  # "v2", from means and means scaled in two ways
    hidden_activation: Activation
    outcome: Dense  # "v3", logits of win, loss and no result
    scores: Dense  # [4 or 6, H]: mean, deviation before softplus, lead, variance time, ...
    ownership: Convolution  # [1, V, K, K], before tanh


class Multipliers(NamedTuple):
    """Units of the scores: points, or turns, for an output of 1. Files before version 13 hold none."""

    td_score: float = 20.0
    score_mean: float = 20.0
    score_deviation: float = 20.0
    lead: float = 20.0
    variance_time: float = 40.0
    short_term_value_error: float = 0.25
    short_term_score_error: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Model:
    """One network. It plays on every board size."""

    label: str
    """Name inside the file; see `is_label`."""
    version: int
    multipliers: Multipliers
    suicide_area: bool
    """Whether its area inputs are computed as if suicide were always legal (a flag since version 15)."""
    input_convolution: Convolution
    input_globals: Dense  # [C, 19], without bias
    blocks: tuple[Block, ...]
    tip: Norm
    """Norm and activation after the last block."""
    policy: PolicyHead
    value: ValueHead

    @property
    def filters(self) -> int:
        """Channels of the trunk."""
        return len(self.input_globals.weight)


def is_label(text: str) -> bool:
    """Whether KataGo accepts the text as a network's name: whether it follows LABEL_RULE."""
    return re.fullmatch("[A-Za-z0-9_-]{1,96}", text) is not None
