"""A network's answers in plain numpy, independent of the inference backends.

It computes in float64, one layer at a time, without optimizations. Sources of the arithmetic: KataGo,
cpp/neuralnet/eigenbackend.cpp and nneval.cpp.
"""

from typing import NamedTuple

import numpy as np

from alphazero.net.katago import model

# B batch, C channels, H height, W width, K kernel side, O output channels, P points, A actions


class Answers(NamedTuple):
    """A network's answers for B positions, float64, seen by the player to move."""

    logits: np.ndarray  # [B, A] of the policy, the pass last
    outcome: np.ndarray  # [B, 3] logits of win, loss and no result
    ownership: np.ndarray  # [B, P] in [-1, 1]
    score_mean: np.ndarray  # [B] in points, komi included
    score_deviation: np.ndarray  # [B] in points
    lead: np.ndarray  # [B] in points, komi included


def forward(
    network: model.Model, planes: np.ndarray, global_inputs: np.ndarray, optimism: float = 0
) -> Answers:
    """Answers for planes [B, 22, N, N] and global inputs [B, 19].

    optimism: share of the second, optimistic policy in the logits of networks that have two. KataGo's GTP
    command kata-raw-nn takes 0.2 unless its settings say otherwise.

    KataGo itself ignores the third outcome unless the ko rule is SIMPLE. Under that rule it multiplies score
    and lead by the probability of a result; these answers are for games with a result.
    """
    x_BCHW = _convolve(planes.astype(np.float64), network.input_convolution)
    x_BCHW += _dense(global_inputs.astype(np.float64), network.input_globals)[:, :, None, None]
    x_BCHW = _normalize(_blocks(x_BCHW, network.blocks), network.tip)
    logits_BA = _mixed(_policies(x_BCHW, network.policy), optimism)
    features_BCHW = _normalize(_convolve(x_BCHW, network.value.features), network.value.norm)
    hidden = _activate(
        _dense(_pool_values(features_BCHW), network.value.hidden), network.value.hidden_activation
    )
    scores, multipliers = _dense(hidden, network.value.scores), network.multipliers
    return Answers(
        logits=logits_BA,
        outcome=_dense(hidden, network.value.outcome),
        ownership=np.tanh(_convolve(features_BCHW, network.value.ownership)).reshape(len(planes), -1),
        score_mean=scores[:, 0] * multipliers.score_mean,
        score_deviation=np.logaddexp(0, scores[:, 1]) * multipliers.score_deviation,
        lead=scores[:, 2] * multipliers.lead,
    )


def _blocks(x_BCHW: np.ndarray, blocks: tuple[model.Block, ...]) -> np.ndarray:
    for block in blocks:
        y_BCHW = _convolve(_normalize(x_BCHW, block.norm), block.first)
        if isinstance(block, model.NestedBlock):
            y_BCHW = _normalize(_blocks(y_BCHW, block.blocks), block.last_norm)
        else:
            if isinstance(block, model.PoolingBlock):
                pooled = _convolve(_normalize(x_BCHW, block.norm), block.pooled)
                pooled = _pool(_normalize(pooled, block.pooled_norm))
                y_BCHW += _dense(pooled, block.to_bias)[:, :, None, None]
            y_BCHW = _normalize(y_BCHW, block.middle)
        x_BCHW = x_BCHW + _convolve(y_BCHW, block.last)
    return x_BCHW


def _policies(x_BCHW: np.ndarray, head: model.PolicyHead) -> np.ndarray:
    """Logits [B, 1 or 2, A]."""
    pooled = _pool(_normalize(_convolve(x_BCHW, head.pooled), head.pooled_norm))
    y_BCHW = _convolve(x_BCHW, head.points) + _dense(pooled, head.to_bias)[:, :, None, None]
    points_BCHW = _convolve(_normalize(y_BCHW, head.norm), head.last)
    passes = _activate(_dense(pooled, head.to_pass), head.pass_activation)
    if head.last_pass is not None:
        passes = _dense(passes, head.last_pass)
    return np.concatenate([points_BCHW.reshape(*points_BCHW.shape[:2], -1), passes[:, :, None]], axis=2)


def _mixed(policies_BCA: np.ndarray, optimism: float) -> np.ndarray:
    """Logits [B, A]; `_policies` says what C is."""
    usual_BA, other_BA = policies_BCA[:, 0], policies_BCA[:, -1]
    return usual_BA + optimism * (other_BA - usual_BA)


def _pool(x_BCHW: np.ndarray) -> np.ndarray:
    """[B, 3 * C]: means, means scaled by the board's size, and maxima."""
    means, scale = x_BCHW.mean((2, 3)), _size_scale(x_BCHW)
    return np.concatenate([means, means * scale, x_BCHW.max((2, 3))], axis=1)


def _pool_values(x_BCHW: np.ndarray) -> np.ndarray:
    """[B, 3 * C]: means, and means scaled by the board's size in two ways."""
    means, scale = x_BCHW.mean((2, 3)), _size_scale(x_BCHW)
    return np.concatenate([means, means * scale, means * (scale * scale - 0.1)], axis=1)


def _size_scale(x_BCHW: np.ndarray) -> float:
    """Tenths of points by which the board's side differs from 14."""
    height, width = x_BCHW.shape[2:]
    return (np.sqrt(height * width) - 14) / 10


def _convolve(x_BCHW: np.ndarray, convolution: model.Convolution) -> np.ndarray:
    """[B, O, H, W], with zero padding."""
    kernel_OCKK = convolution.kernel.astype(np.float64)
    side = kernel_OCKK.shape[2]
    border = side // 2
    padded = np.pad(x_BCHW, ((0, 0), (0, 0), (border, border), (border, border)))
    windows_BCHWKK = np.lib.stride_tricks.sliding_window_view(padded, (side, side), axis=(2, 3))
    return np.einsum("bchwij,ocij->bohw", windows_BCHWKK, kernel_OCKK, optimize=True)


def _normalize(x_BCHW: np.ndarray, norm: model.Norm) -> np.ndarray:
    scale, bias = (row.astype(np.float64)[:, None, None] for row in (norm.scale, norm.bias))
    return _activate(scale * x_BCHW + bias, norm.activation)


def _activate(x: np.ndarray, activation: model.Activation) -> np.ndarray:
    if activation == model.Activation.relu:
        return np.maximum(x, 0)
    if activation == model.Activation.mish:
        return x * np.tanh(np.logaddexp(0, x))
    return x


def _dense(x: np.ndarray, layer: model.Dense) -> np.ndarray:
    return x @ layer.weight.astype(np.float64).T + layer.bias
