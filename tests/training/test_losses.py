"""Losses compared with plain numpy and with numbers worked out by hand."""

import math

import numpy as np
import pytest
import torch

from alphazero.config import training as training_config
from alphazero.net import resnet
from alphazero.training import losses

CONFIG = training_config.TrainingConfig(policy_weight=1.5, value_weight=0.5, ownership_weight=0.25)


def random_case(batch: int = 6, points: int = 4) -> tuple[resnet.NetOutputs, losses.LossTargets]:
    rng = np.random.default_rng(1)

    def tensor(array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array.astype(np.float32))

    policy = rng.random((batch, points + 1))
    outputs = resnet.NetOutputs(
        policy_logits=tensor(rng.normal(size=(batch, points + 1))),
        value_logit=tensor(rng.normal(size=batch)),
        auxiliary={"ownership": tensor(rng.normal(size=(batch, points)))},
    )
    targets = losses.LossTargets(
        policy=tensor(policy / policy.sum(axis=1, keepdims=True)),
        value=tensor(rng.uniform(-1, 1, batch)),
        auxiliary={"ownership": tensor(rng.integers(-1, 2, (batch, points)))},
        weight=tensor(rng.uniform(0.5, 2, batch)),
    )
    return outputs, targets


def rest_of(targets: losses.LossTargets) -> losses.LossTargets:
    """The targets without the first position."""
    return losses.LossTargets(*map(without_first, targets))


def rest_of_outputs(outputs: resnet.NetOutputs) -> resnet.NetOutputs:
    """The outputs without the first position."""
    return resnet.NetOutputs(*map(without_first, outputs))


def without_first(numbers):
    if isinstance(numbers, dict):
        return {name: without_first(array) for name, array in numbers.items()}
    return None if numbers is None else numbers[1:]


def cross_entropy(chance: np.ndarray, target: np.ndarray) -> np.ndarray:
    return -(target * np.log(chance) + (1 - target) * np.log(1 - chance))


def test_the_loss_is_the_formula():
    outputs, targets = random_case()
    logits, value_logit = outputs.policy_logits.numpy(), outputs.value_logit.numpy()
    owner_chance = 1 / (1 + np.exp(-outputs.auxiliary["ownership"].numpy()))
    policy, value, weight = (target.numpy() for target in targets[:3])
    owner = targets.auxiliary["ownership"].numpy()
    shares = weight / weight.sum()
    log_policy = np.log(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True))
    expected = {
        "policy_loss": (shares * -(policy * log_policy).sum(axis=1)).sum(),
        "policy_kl": (shares * (policy * (np.log(policy) - log_policy)).sum(axis=1)).sum(),
        "value_loss": (shares * cross_entropy((1 + np.tanh(value_logit)) / 2, (1 + value) / 2)).sum(),
        "value_mse": (shares * (np.tanh(value_logit) - value) ** 2).sum(),
        "value_accuracy": np.mean(np.sign(value_logit) == np.sign(value)),
        "ownership_loss": (shares * cross_entropy(owner_chance, (1 + owner) / 2).mean(axis=1)).sum(),
    }
    expected["loss"] = (
        1.5 * expected["policy_loss"] + 0.5 * expected["value_loss"] + 0.25 * expected["ownership_loss"]
    )
    loss, metrics = losses.compute(outputs, targets, CONFIG)
    assert metrics.keys() == expected.keys()
    for name, metric in metrics.items():
        assert float(metric) == pytest.approx(expected[name], rel=1e-4), name
    assert float(loss) == float(metrics["loss"])


def test_a_position_without_weight_does_not_count():
    outputs, targets = random_case()
    dropped = targets._replace(weight=torch.tensor([0.0, *targets.weight[1:].tolist()]))
    rest_outputs = rest_of_outputs(outputs)
    rest_targets = rest_of(targets)
    loss, _ = losses.compute(outputs, dropped, CONFIG)
    rest, _ = losses.compute(rest_outputs, rest_targets, CONFIG)
    assert float(loss) == pytest.approx(float(rest), rel=1e-5)


def test_a_position_without_a_policy_counts_for_the_other_heads_only():
    """Its policy is not a target of zeros: the policy loss and gradient are those of the other positions."""
    outputs, targets = random_case()
    outputs.policy_logits.requires_grad_()
    masked = targets._replace(policy=targets.policy * torch.tensor([[0.0], *[[1.0]] * 5]))
    loss, metrics = losses.compute(outputs, masked, CONFIG)
    _, full = losses.compute(outputs, targets, CONFIG)
    rest_outputs = rest_of_outputs(outputs)
    _, rest = losses.compute(rest_outputs, rest_of(targets), CONFIG)
    for name in ("policy_loss", "policy_kl"):
        assert float(metrics[name]) == pytest.approx(float(rest[name]), rel=1e-5), name
    for name in ("value_loss", "ownership_loss"):
        assert float(metrics[name]) == pytest.approx(float(full[name]), rel=1e-5), name
    loss.backward()
    assert outputs.policy_logits.grad is not None
    assert outputs.policy_logits.grad[0].abs().max() == 0
    assert outputs.policy_logits.grad[1:].abs().max() > 0


def test_a_batch_without_any_policy_has_no_policy_loss():
    outputs, targets = random_case()
    loss, metrics = losses.compute(outputs, targets._replace(policy=torch.zeros(6, 5)), CONFIG)
    assert float(metrics["policy_loss"]) == float(metrics["policy_kl"]) == 0
    assert math.isfinite(float(loss))


def test_metrics_of_perfect_outputs():
    _, targets = random_case()
    outputs = resnet.NetOutputs(torch.log(targets.policy), torch.atanh(targets.value), {})
    _, metrics = losses.compute(outputs, targets, CONFIG)
    assert float(metrics["policy_kl"]) == pytest.approx(0, abs=1e-6)
    assert float(metrics["value_mse"]) == pytest.approx(0, abs=1e-6)
    assert float(metrics["value_accuracy"]) == 1
    assert "ownership_loss" not in metrics


REINFORCE = training_config.TrainingConfig(policy_loss=training_config.PolicyLoss.reinforce)


def reinforce_case() -> tuple[resnet.NetOutputs, losses.LossTargets]:
    """Six positions with a move each. The last has no policy target, and points may hold stones."""
    outputs, targets = random_case()
    moves = np.array([0, 1, 2, 3, 4, 0])
    is_free = np.random.default_rng(2).random((6, 5)) < 0.5
    is_free[np.arange(6), moves] = True
    one_hot = np.eye(5, dtype=np.float32)[moves]
    one_hot[5] = 0
    return outputs, targets._replace(policy=torch.from_numpy(one_hot), is_free=torch.from_numpy(is_free))


def test_reinforce_is_the_formula():
    outputs, targets = reinforce_case()
    weight = targets.weight.numpy()[:5]
    shares = weight / weight.sum()
    reward, expected = targets.value.numpy()[:5], np.tanh(outputs.value_logit.numpy()[:5])
    mean = (shares * reward).sum()
    deviation = np.sqrt((shares * (reward - mean) ** 2).sum())
    advantage = (reward - mean) / deviation - (expected - mean) / deviation
    assert targets.is_free is not None
    likelihood = np.exp(outputs.policy_logits.numpy()[:5])
    free = likelihood * targets.is_free.numpy()[:5]
    policy = free / free.sum(axis=1, keepdims=True)
    gradient_part = -advantage * np.log(policy[np.arange(5), np.arange(5)])
    rules_part = -np.log(free.sum(axis=1) / likelihood.sum(axis=1))
    entropy = -(policy * np.log(np.where(policy > 0, policy, 1))).sum(axis=1)
    _, metrics = losses.compute(outputs, targets, REINFORCE)
    assert float(metrics["policy_loss"]) == pytest.approx(
        (shares * (gradient_part + rules_part)).sum(), rel=1e-4
    )
    assert float(metrics["policy_entropy"]) == pytest.approx((shares * entropy).sum(), rel=1e-4)
    assert "policy_kl" not in metrics
    plain = losses.compute(outputs, targets, CONFIG)[1]
    for name in ("value_loss", "ownership_loss"):
        assert float(metrics[name]) == float(plain[name])


def test_rewards_that_are_all_equal_teach_nothing():
    shares, expected = torch.full((8,), 1 / 8), torch.linspace(-1, 1, 8)
    assert losses.advantages(torch.ones(8), expected, shares).tolist() == [0] * 8


def test_expected_rewards_give_no_advantage():
    shares, reward = torch.full((4,), 1 / 4), torch.tensor([1.0, 1.0, -1.0, -1.0])
    assert losses.advantages(reward, torch.zeros(4), shares).tolist() == [1, 1, -1, -1]
    assert losses.advantages(10 * reward, 10 * reward, shares).tolist() == [0] * 4
    known = torch.tensor([1.0, -1.0, -1.0, 1.0])
    assert losses.advantages(reward, known, shares).tolist() == [0, 2, 0, -2]


def test_reinforce_finds_the_best_arm_of_a_bandit():
    """Two points and a pass win with different probabilities, a third point holds a stone."""
    rng, logits = torch.Generator().manual_seed(1), torch.zeros(4, requires_grad=True)
    chances, is_free = torch.tensor([0.3, 0.7, 0.0, 0.5]), torch.tensor([True, True, False, True])
    optimizer = torch.optim.SGD([logits], lr=0.5)
    for step in range(150):
        policy = torch.softmax(logits.detach().masked_fill(~is_free, -1e9), dim=0)
        moves = torch.multinomial(policy, 64, replacement=True, generator=rng)
        rewards = 2 * torch.bernoulli(chances[moves], generator=rng) - 1
        outputs = resnet.NetOutputs(logits.expand(64, 4), torch.zeros(64), {})
        targets = losses.LossTargets(
            torch.eye(4)[moves], rewards, torch.ones(64), {}, is_free=is_free.expand(64, 4)
        )
        optimizer.zero_grad()
        losses.compute(outputs, targets, REINFORCE)[0].backward()
        if step == 0:
            assert logits.grad is not None
            assert logits.grad[1] < 0 < logits.grad[0], "up for the winner, down for the loser"
            assert logits.grad[2] > 0, "down for the stone"
        optimizer.step()
    learned = torch.softmax(logits.detach(), dim=0)
    assert learned[1] > 0.9 and learned[2] < 0.02


def test_moves_to_points_without_a_stone_are_free():
    planes = torch.zeros(2, 18, 2, 2)
    planes[0, 0, 0, 1] = planes[0, 8, 1, 0] = planes[1, 8, 0, 0] = 1
    planes[1, 1] = planes[1, 16] = 1  # history and colour are not stones
    expected = [[True, False, False, True, True], [False, True, True, True, True]]
    assert losses.free_moves(planes).tolist() == expected


VALUE_CASES = [
    # logit, target, cross-entropy in nats
    (0.0, 1.0, math.log(2)),
    (0.0, -1.0, math.log(2)),
    (0.0, 0.0, math.log(2)),
    (-20.0, 1.0, 40.0),  # sure and wrong: 2 * 20, and tanh has no gradient left
    (20.0, 1.0, 0.0),
]


@pytest.mark.parametrize(("logit", "target", "nats"), VALUE_CASES)
def test_value_cross_entropy_by_hand(logit: float, target: float, nats: float):
    logits = torch.tensor([logit], requires_grad=True)
    loss = losses.value_cross_entropy(logits, torch.tensor([target]))
    assert loss.item() == pytest.approx(nats, abs=1e-5)
    loss.sum().backward()
    assert logits.grad is not None
    assert logits.grad.item() == pytest.approx(math.tanh(logit) - target, abs=1e-5)


def test_draws_do_not_count_for_accuracy():
    outputs = resnet.NetOutputs(torch.zeros(3, 5), torch.tensor([1.0, -1.0, 0.0]), {})
    targets = losses.LossTargets(torch.full((3, 5), 0.2), torch.tensor([1.0, 1.0, 0.0]), torch.ones(3), {})
    assert float(losses.compute(outputs, targets, CONFIG)[1]["value_accuracy"]) == 0.5
    only_draws = targets._replace(value=torch.zeros(3))
    assert float(losses.compute(outputs, only_draws, CONFIG)[1]["value_accuracy"]) == 0


def full_case() -> tuple[resnet.NetOutputs, losses.LossTargets]:
    """A case with every auxiliary head and target."""
    outputs, targets = random_case()
    rng = np.random.default_rng(2)

    def normal(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.normal(size=shape).astype(np.float32))

    reply = torch.softmax(normal(6, 5), dim=1)
    reply[2] = 0
    answers = {
        "score": 10 * normal(6),
        "reply": normal(6, 5),
        "soft_policy": normal(6, 5),
        "short_term": normal(6, 3),
    }
    wanted = {"score": 30 * normal(6), "reply": reply, "short_term": torch.tanh(normal(6, 3))}
    outputs = outputs._replace(auxiliary=outputs.auxiliary | answers)
    return outputs, targets._replace(auxiliary=targets.auxiliary | wanted)


def numpy_of(tensor: torch.Tensor | None) -> np.ndarray:
    assert tensor is not None
    return tensor.numpy().astype(np.float64)


def log_softmax(logits: np.ndarray) -> np.ndarray:
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def test_auxiliary_losses_are_the_formulas():
    outputs, targets = full_case()
    weight = numpy_of(targets.weight)
    shares = weight / weight.sum()
    answers = {name: numpy_of(tensor) for name, tensor in outputs.auxiliary.items()}
    wanted = {name: numpy_of(tensor) for name, tensor in targets.auxiliary.items()}
    off = np.abs(answers["score"] - wanted["score"])
    assert off.min() < 12 < off.max()
    huber = np.where(off < 12, off**2 / 2, 12 * (off - 6))
    has_reply = wanted["reply"].sum(axis=1) > 0
    reply_shares = weight * has_reply / (weight * has_reply).sum()
    reply = -(wanted["reply"] * log_softmax(answers["reply"])).sum(axis=1)
    soft = numpy_of(targets.policy) ** 0.25
    soft /= soft.sum(axis=1, keepdims=True)
    chance = (1 + np.tanh(answers["short_term"])) / 2
    short = cross_entropy(chance, (1 + wanted["short_term"]) / 2).mean(axis=1)
    expected = {
        "score_loss": (shares * huber).sum(),
        "reply_loss": (reply_shares * reply).sum(),
        "soft_policy_loss": (shares * -(soft * log_softmax(answers["soft_policy"])).sum(axis=1)).sum(),
        "short_term_loss": (shares * short).sum(),
    }
    config = training_config.TrainingConfig(
        score_weight=0.1, reply_weight=0.2, soft_policy_weight=0.3, short_term_weight=0.4
    )
    only_ownership = {"ownership": outputs.auxiliary["ownership"]}
    bare, _ = losses.compute(outputs._replace(auxiliary=only_ownership), targets, config)
    loss, metrics = losses.compute(outputs, targets, config)
    for name, value in expected.items():
        assert float(metrics[name]) == pytest.approx(value, rel=1e-4), name
    added = sum(factor * value for factor, value in zip((0.1, 0.2, 0.3, 0.4), expected.values(), strict=True))
    assert float(loss) == pytest.approx(float(bare) + added, rel=1e-4)


@pytest.mark.parametrize("head", ["ownership", "score", "reply", "short_term"])
def test_a_head_without_targets_is_refused(head: str):
    outputs, targets = full_case()
    others = {name: array for name, array in targets.auxiliary.items() if name != head}
    with pytest.raises(ValueError, match=f"^net.{head}=true: these positions have no targets"):
        losses.compute(outputs, targets._replace(auxiliary=others), CONFIG)


def test_a_softened_policy_without_a_target_stays_empty():
    softened = losses.soften(torch.tensor([[0.0, 0.0], [0.0625, 0.9375]]), 4.0)
    assert softened[0].tolist() == [0, 0]
    assert softened[1].tolist() == pytest.approx([0.5 / (0.5 + 0.9375**0.25), 1 - 0.5 / (0.5 + 0.9375**0.25)])


def test_accuracies_by_hand():
    """Best actions are the network's first, fourth, sixth and second; one position has no policy."""
    logits = torch.arange(7.0).flip(0).repeat(5, 1)  # the network's order is 0, 1, 2, ...
    policy = torch.nn.functional.one_hot(torch.tensor([0, 3, 5, 1, 0]), 7).float()
    policy[4] = 0
    targets = losses.LossTargets(policy, torch.zeros(5), torch.ones(5), {})
    found = losses.accuracies(resnet.NetOutputs(logits, torch.zeros(5), {}), targets)
    assert {name: float(value) for name, value in found.items()} == {"policy_top1": 0.25, "policy_top5": 0.75}
