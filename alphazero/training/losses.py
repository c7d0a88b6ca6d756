"""What training minimises, and the figures that show how it goes."""

from typing import NamedTuple

import torch
from torch.nn import functional

from alphazero.config import training as training_config
from alphazero.net import resnet

# B batch, A actions, P points


class Targets(NamedTuple):
    """The answers of `alphazero.data.batch.Batch` as float32 tensors on the network's device."""

    policy: torch.Tensor  # [B, A] rows sum to 1, or to 0 where there is no policy to learn
    value: torch.Tensor  # [B] in [-1, 1]
    ownership: torch.Tensor  # [B, P] in {-1, 0, 1}, player to move's view
    weight: torch.Tensor  # [B] not negative, not all zero


def compute(
    outputs: resnet.Outputs, targets: Targets, config: training_config.TrainingConfig
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The loss, a weighted mean over positions, and detached figures by name.

    The policy's mean is over positions that have one, so that a row without neither counts as a target
    of zeros nor weakens the others.
    """
    shares = targets.weight / targets.weight.sum()
    policy_shares = shares_with_policy(targets)
    policy_B = policy_cross_entropy(outputs.policy_logits, targets.policy)
    value_B = value_cross_entropy(outputs.value_logit, targets.value)
    parts = {"policy_loss": (policy_shares * policy_B).sum(), "value_loss": (shares * value_B).sum()}
    loss = config.policy_weight * parts["policy_loss"] + config.value_weight * parts["value_loss"]
    if outputs.ownership_logits is not None:
        ownership_B = ownership_cross_entropy(outputs.ownership_logits, targets.ownership)
        parts["ownership_loss"] = (shares * ownership_B).sum()
        loss = loss + config.ownership_weight * parts["ownership_loss"]
    with torch.no_grad():
        values = torch.tanh(outputs.value_logit)
        is_decided = (targets.value != 0).float()
        is_right = (values.sign() == targets.value.sign()).float() * is_decided
        figures = {
            "loss": loss,
            **parts,
            "policy_kl": parts["policy_loss"]
            - (policy_shares * torch.special.entr(targets.policy).sum(1)).sum(),
            "value_mse": (shares * (values - targets.value) ** 2).sum(),
            "value_accuracy": is_right.sum() / is_decided.sum().clamp(min=1),
        }
    return loss, {name: figure.detach() for name, figure in figures.items()}


def shares_with_policy(targets: Targets) -> torch.Tensor:
    """[B] each position's part in the mean over those with a policy; all zero where none has one."""
    weight_B = targets.weight * (targets.policy.sum(dim=1) > 0)
    return weight_B / weight_B.sum().clamp(min=torch.finfo(weight_B.dtype).tiny)


def policy_cross_entropy(logits_BA: torch.Tensor, policy_BA: torch.Tensor) -> torch.Tensor:
    """[B] nats; illegal moves are not masked, the network learns their zero as Leela Zero's do."""
    return -(policy_BA * functional.log_softmax(logits_BA, dim=1)).sum(dim=1)


def value_cross_entropy(logit_B: torch.Tensor, value_B: torch.Tensor) -> torch.Tensor:
    """[B] nats between winning chances: (1 + tanh x) / 2 is sigmoid(2 x).

    Its gradient does not vanish where tanh saturates on the wrong side, as that of a squared error does.
    """
    return functional.binary_cross_entropy_with_logits(2 * logit_B, (1 + value_B) / 2, reduction="none")


def ownership_cross_entropy(logits_BP: torch.Tensor, ownership_BP: torch.Tensor) -> torch.Tensor:
    """[B] nats for each point, averaged over points; a neutral point counts as half of each side's."""
    chances = (1 + ownership_BP) / 2
    return functional.binary_cross_entropy_with_logits(logits_BP, chances, reduction="none").mean(dim=1)
