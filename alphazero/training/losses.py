"""What training minimises, and the figures that show how it goes."""

from typing import NamedTuple

import torch
from torch.nn import functional

from alphazero.config import training as training_config
from alphazero.go import features
from alphazero.net import resnet

# B batch, A actions, P points, T turns ahead
_SCORE_DELTA = 12.0
"""Points up to which the score's loss is quadratic (KataGo, metrics_pytorch.py)."""
_NEVER = -1e9
"""Logit of a move on a stone; finite, because zero times infinity is no number."""


class Targets(NamedTuple):
    """The answers of `alphazero.data.batch.Batch` as float32 tensors on the network's device."""

    policy: torch.Tensor  # [B, A] rows sum to 1, or to 0 where there is no policy to learn
    value: torch.Tensor  # [B] in [-1, 1]
    weight: torch.Tensor  # [B] not negative, not all zero
    ownership: torch.Tensor | None = None  # [B, P] in {-1, 0, 1}, player to move's view
    score: torch.Tensor | None = None  # [B] points
    reply: torch.Tensor | None = None  # [B, A] as policy
    short_term: torch.Tensor | None = None  # [B, T] in [-1, 1]
    is_free: torch.Tensor | None = None  # [B, A] bool moves that are not on a stone; for REINFORCE alone


def compute(
    outputs: resnet.Outputs, targets: Targets, config: training_config.TrainingConfig
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The loss, a weighted mean over positions, and detached figures by name.

    A policy's mean is over positions that have one, so that a row without neither counts as a target of
    zeros nor weakens the others. ValueError if the network answers what the targets do not tell.
    """
    shares = targets.weight / targets.weight.sum()
    policy_shares = shares_with_policy(targets.weight, targets.policy)
    policy_B, policy_figures = _policy_part(outputs, targets, config, policy_shares)
    value_B = value_cross_entropy(outputs.value_logit, targets.value)
    parts = {"policy_loss": (policy_shares * policy_B).sum(), "value_loss": (shares * value_B).sum()}
    loss = config.policy_weight * parts["policy_loss"] + config.value_weight * parts["value_loss"]
    auxiliary, weights = _auxiliary(outputs, targets, config), _auxiliary_weights(config)
    for name, part in auxiliary.items():
        loss = loss + weights[name] * part
    with torch.no_grad():
        values = torch.tanh(outputs.value_logit)
        is_decided = (targets.value != 0).float()
        is_right = (values.sign() == targets.value.sign()).float() * is_decided
        figures = {
            "loss": loss,
            **parts,
            **auxiliary,
            **policy_figures,
            "value_mse": (shares * (values - targets.value) ** 2).sum(),
            "value_accuracy": is_right.sum() / is_decided.sum().clamp(min=1),
        }
    return loss, {name: figure.detach() for name, figure in figures.items()}


def accuracies(outputs: resnet.Outputs, targets: Targets) -> dict[str, torch.Tensor]:
    """Shares of the positions with a policy whose best action is the network's first, or among its five."""
    shares = shares_with_policy(targets.weight, targets.policy)
    best_B = targets.policy.argmax(dim=1)
    five_BK = outputs.policy_logits.topk(5, dim=1).indices
    is_among = five_BK == best_B[:, None]
    return {
        "policy_top1": (shares * is_among[:, 0]).sum(),
        "policy_top5": (shares * is_among.any(dim=1)).sum(),
    }


def shares_with_policy(weight_B: torch.Tensor, policy_BA: torch.Tensor) -> torch.Tensor:
    """[B] each position's part in the mean over those with a policy; all zero where none has one."""
    weight_B = weight_B * (policy_BA.sum(dim=1) > 0)
    return weight_B / weight_B.sum().clamp(min=torch.finfo(weight_B.dtype).tiny)


def policy_cross_entropy(logits_BA: torch.Tensor, policy_BA: torch.Tensor) -> torch.Tensor:
    """[B] nats; illegal moves are not masked, the network learns their zero as Leela Zero's do."""
    return -(policy_BA * functional.log_softmax(logits_BA, dim=1)).sum(dim=1)


def advantages(reward_B: torch.Tensor, expected_B: torch.Tensor, shares_B: torch.Tensor) -> torch.Tensor:
    """[B] rewards, normalised over this rank's batch, less what was expected, in the same units.

    (reward - mean) / deviation - (expected - mean) / deviation: the mean falls out. The deviation is that
    of the rewards, weighted by shares_B, which sum to 1; rewards that are all equal teach nothing.
    """
    mean = (shares_B * reward_B).sum()
    deviation = (shares_B * (reward_B - mean) ** 2).sum().sqrt()
    is_known = deviation > torch.finfo(deviation.dtype).eps
    return torch.where(is_known, (reward_B - expected_B) / deviation, 0)


def free_moves(planes_BCHW: torch.Tensor) -> torch.Tensor:
    """[B, A] bool: moves to points without a stone, and the pass."""
    stones_BP = (planes_BCHW[:, 0] + planes_BCHW[:, features.OPPONENT]).flatten(1)
    return functional.pad(stones_BP == 0, (0, 1), value=True)


def value_cross_entropy(logit: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Nats between winning chances, in any shape: (1 + tanh x) / 2 is sigmoid(2 x).

    Its gradient does not vanish where tanh saturates on the wrong side, as that of a squared error does.
    """
    return functional.binary_cross_entropy_with_logits(2 * logit, (1 + value) / 2, reduction="none")


def ownership_cross_entropy(logits_BP: torch.Tensor, ownership_BP: torch.Tensor) -> torch.Tensor:
    """[B] nats for each point, averaged over points; a neutral point counts as half of each side's."""
    chances = (1 + ownership_BP) / 2
    return functional.binary_cross_entropy_with_logits(logits_BP, chances, reduction="none").mean(dim=1)


def soften(policy_BA: torch.Tensor, temperature: float) -> torch.Tensor:
    """[B, A] policy ** (1 / temperature), scaled to sum to 1; rows of zeros stay so."""
    softened = policy_BA ** (1 / temperature)
    return softened / softened.sum(dim=1, keepdim=True).clamp(min=torch.finfo(softened.dtype).tiny)


def _policy_part(
    outputs: resnet.Outputs,
    targets: Targets,
    config: training_config.TrainingConfig,
    shares_B: torch.Tensor,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The policy's loss [B], and a figure that tells more: nats from the target, or left to chance."""
    logits_BA = outputs.policy_logits
    if config.policy_loss is training_config.PolicyLoss.cross_entropy:
        policy_B = policy_cross_entropy(logits_BA, targets.policy)
        kl_B = policy_B.detach() - torch.special.entr(targets.policy).sum(1)
        return policy_B, {"policy_kl": (shares_B * kl_B).sum()}
    assert targets.is_free is not None
    # Moves were drawn among the legal ones. With all others in the sum, a loser's policy would flee to
    # them from every move that it has; points without a stone are legal but for kos and suicides. That
    # the others are not legal is taught as in Leela Zero: by their share in the whole policy.
    free_BA = logits_BA.float().masked_fill(~targets.is_free, _NEVER)
    # The value head is the baseline, as in AlphaGo (Silver et al. 2016, methods): who is to move tells more
    # about the outcome than the move does, where komi decides most games of a weak policy.
    advantage_B = advantages(targets.value, torch.tanh(outputs.value_logit.detach()), shares_B)
    policy_B = advantage_B * policy_cross_entropy(free_BA, targets.policy)
    policy_B = policy_B + logits_BA.float().logsumexp(dim=1) - free_BA.logsumexp(dim=1)
    entropy_B = torch.special.entr(functional.softmax(free_BA.detach(), dim=1)).sum(dim=1)
    return policy_B, {"policy_entropy": (shares_B * entropy_B).sum()}


def _auxiliary(
    outputs: resnet.Outputs, targets: Targets, config: training_config.TrainingConfig
) -> dict[str, torch.Tensor]:
    """The unweighted losses of the heads that there are, by name."""
    shares = targets.weight / targets.weight.sum()
    parts: dict[str, torch.Tensor] = {}
    if outputs.ownership_logits is not None:
        owners = _known(targets.ownership, "ownership")
        parts["ownership_loss"] = (shares * ownership_cross_entropy(outputs.ownership_logits, owners)).sum()
    if outputs.score is not None:
        score_B = functional.huber_loss(
            outputs.score, _known(targets.score, "score"), reduction="none", delta=_SCORE_DELTA
        )
        parts["score_loss"] = (shares * score_B).sum()
    if outputs.reply_logits is not None:
        replies = _known(targets.reply, "reply")
        reply_B = policy_cross_entropy(outputs.reply_logits, replies)
        parts["reply_loss"] = (shares_with_policy(targets.weight, replies) * reply_B).sum()
    if outputs.soft_policy_logits is not None:
        softened = soften(targets.policy, config.soft_policy_temperature)
        soft_B = policy_cross_entropy(outputs.soft_policy_logits, softened)
        parts["soft_policy_loss"] = (shares_with_policy(targets.weight, targets.policy) * soft_B).sum()
    if outputs.short_term_logits is not None:
        short_BT = value_cross_entropy(outputs.short_term_logits, _known(targets.short_term, "short_term"))
        parts["short_term_loss"] = (shares * short_BT.mean(dim=1)).sum()
    return parts


def _auxiliary_weights(config: training_config.TrainingConfig) -> dict[str, float]:
    return {
        "ownership_loss": config.ownership_weight,
        "score_loss": config.score_weight,
        "reply_loss": config.reply_weight,
        "soft_policy_loss": config.soft_policy_weight,
        "short_term_loss": config.short_term_weight,
    }


def _known(target: torch.Tensor | None, head: str) -> torch.Tensor:
    if target is None:
        raise ValueError(f"net.{head}=true: these positions do not tell what this head should learn")
    return target
