"""The loss that training minimises, and metrics of its progress."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from alphazero.config import training as training_config
from alphazero.data import batch as batches
from alphazero.data import targets as game_targets
from alphazero.go import features, shapes
from alphazero.net import leela, resnet

# B batch, A actions, P points
_SCORE_DELTA = 12.0
"""Error in points up to which the score loss is quadratic (KataGo, metrics_pytorch.py)."""
_KATAGO_STONES = (1, 2)
"""KataGo's planes of own and of the opponent's stones."""
_NEVER = -1e9
"""Logit of a move on a stone. It is finite because zero times infinity is not a number."""


class LossTargets(NamedTuple):
    """The targets of `alphazero.data.batch.TrainingBatch` as float32 tensors on the network's device."""

    policy: torch.Tensor  # [B, A] rows sum to 1, or to 0 for a position without a policy target
    value: torch.Tensor  # [B] in [-1, 1]
    weight: torch.Tensor  # [B] not negative, not all zero
    auxiliary: dict[str, torch.Tensor]  # [B, ...] by name, from the view of the player to move
    is_free: torch.Tensor | None = None  # [B, A] bool moves that are not on a stone; only for REINFORCE

    def of(self, target: game_targets.Target) -> torch.Tensor:
        """[B, ...] what the loss of a target compares with. Raises ValueError if positions do not have it."""
        if not self.has(target):
            raise ValueError(f"net.{target.name}=true: these positions have no targets for this head")
        is_error = target.source is game_targets.Derived.score_error
        return self._known[target.name if is_error else target.field]

    def has(self, target: game_targets.Target) -> bool:
        """Whether the positions have what the loss of a target compares with."""
        return target.field in self._known

    @property
    def _known(self) -> dict[str, torch.Tensor]:
        return {"policy": self.policy, "value": self.value, **self.auxiliary}


def targets_of(batch: batches.TrainingBatch, to_tensor: Callable[[np.ndarray], torch.Tensor]) -> LossTargets:
    """The targets of a batch. to_tensor: places an array on the network's device."""
    return LossTargets(
        policy=to_tensor(batch.policy),
        value=to_tensor(batch.value),
        weight=to_tensor(batch.weight),
        auxiliary={name: to_tensor(array).float() for name, array in batch.auxiliary.items()},
    )


def compute(
    outputs: resnet.NetOutputs, targets: LossTargets, config: training_config.TrainingConfig
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The loss, a weighted mean over positions, and detached metrics by name.

    The mean of a policy loss is taken over the positions that have a policy target. Others are
    left out and do not count as targets of zeros. Raises ValueError if an auxiliary head has no target;
    exported heads without one are not trained.
    """
    shares = targets.weight / targets.weight.sum()
    policy_shares = shares_with_policy(targets.weight, targets.policy)
    policy_B, policy_metrics = _policy_part(outputs, targets, config, policy_shares)
    parts = {"policy_loss": (policy_shares * policy_B).sum()}
    loss = config.policy_weight * parts["policy_loss"]
    answers = {"value": outputs.value_logit, **outputs.auxiliary}
    targets = with_score_errors(outputs, targets)
    for target in game_targets.TARGETS:
        if target.name in answers:
            answer = answers[target.name]
            if not targets.has(target) and _is_exported(target, outputs):
                loss = loss + 0 * answer.sum()  # every parameter gets a gradient, as several ranks require
                continue
            part = parts[f"{target.name}_loss"] = part_of(target, answer, targets, config)
            loss = loss + target.weight(config) * part
    with torch.no_grad():
        values = torch.tanh(outputs.value_logit)
        is_decided = (targets.value != 0).float()
        is_right = (values.sign() == targets.value.sign()).float() * is_decided
        metrics = {
            "loss": loss,
            **parts,
            **policy_metrics,
            "value_mse": (shares * (values - targets.value) ** 2).sum(),
            "value_accuracy": is_right.sum() / is_decided.sum().clamp(min=1),
        }
    return loss, {name: metric.detach() for name, metric in metrics.items()}


def with_score_errors(outputs: resnet.NetOutputs, targets: LossTargets) -> LossTargets:
    """The targets, and that of the score's deviation: the absolute error of the network's own score."""
    if "score_deviation" not in outputs.auxiliary or "score" not in targets.auxiliary:
        return targets
    errors_B = (targets.auxiliary["score"] - outputs.auxiliary["score"].detach()).abs()
    return targets._replace(auxiliary={**targets.auxiliary, "score_deviation": errors_B})


def part_of(
    target: game_targets.Target,
    answers: torch.Tensor,
    targets: LossTargets,
    config: training_config.TrainingConfig,
) -> torch.Tensor:
    """The unweighted loss of one head's answers [B, ...], a weighted mean over positions.

    Positions without a policy do not count for heads that learn policies. Raises ValueError without a target.
    """
    wanted = targets.of(target)
    shares_B = targets.weight / targets.weight.sum()
    if target.shape == shapes.ACTIONS:
        shares_B = shares_with_policy(targets.weight, wanted)
    return (shares_B * LOSSES[target.loss](answers, wanted, config)).sum()


def accuracies(outputs: resnet.NetOutputs, targets: LossTargets) -> dict[str, torch.Tensor]:
    """Fractions of policy targets whose best action is the network's first choice, or in its first five."""
    shares = shares_with_policy(targets.weight, targets.policy)
    best_B = targets.policy.argmax(dim=1)
    five_BK = outputs.policy_logits.topk(5, dim=1).indices
    is_among = five_BK == best_B[:, None]
    return {
        "policy_top1": (shares * is_among[:, 0]).sum(),
        "policy_top5": (shares * is_among.any(dim=1)).sum(),
    }


def shares_with_policy(weight_B: torch.Tensor, policy_BA: torch.Tensor) -> torch.Tensor:
    """[B] weight of each position in the mean over positions with a policy; all zero if there are none."""
    weight_B = weight_B * (policy_BA.sum(dim=1) > 0)
    return weight_B / weight_B.sum().clamp(min=torch.finfo(weight_B.dtype).tiny)


def policy_cross_entropy(logits_BA: torch.Tensor, policy_BA: torch.Tensor) -> torch.Tensor:
    """[B] in nats. Illegal moves are not masked: the network learns their zero, as in Leela Zero."""
    return -(policy_BA * functional.log_softmax(logits_BA, dim=1)).sum(dim=1)


def advantages(reward_B: torch.Tensor, expected_B: torch.Tensor, shares_B: torch.Tensor) -> torch.Tensor:
    """[B] rewards, normalised over this rank's batch, minus the expected rewards in the same units.

    (reward - mean) / deviation - (expected - mean) / deviation: the mean cancels. The deviation is that of
    the rewards, weighted by shares_B, which sum to 1. If all rewards are equal, all advantages are 0.
    """
    mean = (shares_B * reward_B).sum()
    deviation = (shares_B * (reward_B - mean) ** 2).sum().sqrt()
    is_known = deviation > torch.finfo(deviation.dtype).eps
    return torch.where(is_known, (reward_B - expected_B) / deviation, 0)


def free_moves(planes_BCHW: torch.Tensor) -> torch.Tensor:
    """[B, A] bool: moves to points without a stone, and the pass. The planes are those of either family."""
    own, opponent = (0, features.OPPONENT) if planes_BCHW.shape[1] == leela.NUM_PLANES else _KATAGO_STONES
    stones_BP = (planes_BCHW[:, own] + planes_BCHW[:, opponent]).flatten(1)
    return functional.pad(stones_BP == 0, (0, 1), value=True)


def value_cross_entropy(logit: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of winning probabilities in nats, for any shape: (1 + tanh x) / 2 is sigmoid(2 x).

    Unlike a squared error's, its gradient does not vanish when tanh saturates on the wrong side.
    """
    return functional.binary_cross_entropy_with_logits(2 * logit, (1 + value) / 2, reduction="none")


def ownership_cross_entropy(logits_BP: torch.Tensor, ownership_BP: torch.Tensor) -> torch.Tensor:
    """[B] in nats, averaged over points. A neutral point counts as half owned by each player."""
    chances = (1 + ownership_BP) / 2
    return functional.binary_cross_entropy_with_logits(logits_BP, chances, reduction="none").mean(dim=1)


def soften(policy_BA: torch.Tensor, temperature: float) -> torch.Tensor:
    """[B, A] policy ** (1 / temperature), normalised to sum to 1. Rows of zeros stay zero."""
    softened = policy_BA ** (1 / temperature)
    return softened / softened.sum(dim=1, keepdim=True).clamp(min=torch.finfo(softened.dtype).tiny)


def _policy_part(
    outputs: resnet.NetOutputs,
    targets: LossTargets,
    config: training_config.TrainingConfig,
    shares_B: torch.Tensor,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The policy loss [B], and a metric in nats: KL divergence from the target, or the policy's entropy."""
    logits_BA = outputs.policy_logits
    if config.policy_loss is training_config.PolicyLoss.cross_entropy:
        policy_B = policy_cross_entropy(logits_BA, targets.policy)
        kl_B = policy_B.detach() - torch.special.entr(targets.policy).sum(1)
        return policy_B, {"policy_kl": (shares_B * kl_B).sum()}
    assert targets.is_free is not None
    # Moves were drawn from the legal ones. If the softmax included illegal moves, every lost game would shift
    # probability to them. Points without a stone are legal except for ko and suicide. A second term minimises
    # the share of the other moves in the full policy, so that the network learns it as in Leela Zero.
    free_BA = logits_BA.float().masked_fill(~targets.is_free, _NEVER)
    # The value head is the baseline, as in AlphaGo (Silver et al. 2016, methods). Komi decides most games of
    # a weak policy, so the player to move says more about the outcome than the move does.
    advantage_B = advantages(targets.value, torch.tanh(outputs.value_logit.detach()), shares_B)
    policy_B = advantage_B * policy_cross_entropy(free_BA, targets.policy)
    policy_B = policy_B + logits_BA.float().logsumexp(dim=1) - free_BA.logsumexp(dim=1)
    entropy_B = torch.special.entr(functional.softmax(free_BA.detach(), dim=1)).sum(dim=1)
    return policy_B, {"policy_entropy": (shares_B * entropy_B).sum()}


def _is_exported(target: game_targets.Target, outputs: resnet.NetOutputs) -> bool:
    """Whether files hold the head. Only KataGo's family has a lead."""
    is_katago = "lead" in outputs.auxiliary
    return is_katago and target.head is not game_targets.HeadKind.auxiliary


def _value_loss(
    answers: torch.Tensor, values: torch.Tensor, config: training_config.TrainingConfig
) -> torch.Tensor:
    nats = value_cross_entropy(answers, values)
    return nats if nats.ndim == 1 else nats.mean(dim=1)


LossFunction = Callable[[torch.Tensor, torch.Tensor, training_config.TrainingConfig], torch.Tensor]
"""Maps a head's answers and its targets, both [B, ...] float32, to losses [B]."""

LOSSES: dict[str, LossFunction] = {
    "policy": lambda answers, policy, _: policy_cross_entropy(answers, policy),
    "soft_policy": lambda answers, policy, config: policy_cross_entropy(
        answers, soften(policy, config.soft_policy_temperature)
    ),
    "value": _value_loss,
    "ownership": lambda answers, owners, _: ownership_cross_entropy(answers, owners),
    "huber": lambda answers, numbers, _: functional.huber_loss(
        answers, numbers, reduction="none", delta=_SCORE_DELTA
    ),
}
"""Losses that the table of targets names. Those of values take [B] or [B, T] and average over T."""
