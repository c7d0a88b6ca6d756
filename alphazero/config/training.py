"""Settings of the learner; those of its optimizer and schedule are in `optimizer`."""

from dataclasses import dataclass
from enum import Enum

from alphazero.config import checks


class Device(Enum):
    """Device of a network."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Precision(Enum):
    """Arithmetic of a network; auto takes bf16 if the hardware has it."""

    auto = "auto"
    fp32 = "fp32"
    bf16 = "bf16"


class PolicyLoss(Enum):
    """Target of the policy."""

    cross_entropy = "cross_entropy"
    """The search's policy."""
    reinforce = "reinforce"
    """Its own moves, weighted by the game's outcome (REINFORCE, Williams 1992), for `search=none`: the reward
    is the value target, normalised over the batch, minus the value head's prediction."""


@dataclass(kw_only=True, slots=True)
class TrainingConfig:
    """Training of the network."""

    batch_size: int = 256
    """Positions per optimizer step."""
    replay_ratio: float = 3.7
    """Largest number of samples of training per new position."""
    max_lead_positions: int = 30_000
    """Number of new positions, not yet used by training, at which self-play waits."""
    min_positions: int = 5_000
    """Positions in the window at which training begins."""
    publish_steps: int = 250
    """Steps between two candidates."""
    checkpoint_steps: int = 250
    """Steps between two checkpoints."""
    keep_checkpoints: int = 3
    """Number of the newest checkpoints that are kept."""
    keep_every_steps: int = 0
    """Checkpoints at multiples of this step are kept for good; 0 keeps none for good."""
    average_decay: float = 0.995
    """Decay per step of the averaged weights (EMA), which are the published ones."""
    average_share: float = 0.0
    """Fraction of all steps so far that the average covers: its length, 1 / (1 - decay), is this times the
    steps, and at least that of `average_decay`. 0: `average_decay` alone."""
    policy_loss: PolicyLoss = PolicyLoss.cross_entropy
    policy_weight: float = 1.0
    """Weight of the policy's loss."""
    value_weight: float = 1.0
    """Weight of the value's cross-entropy."""
    ownership_weight: float = 0.5
    """Weight of the ownership's cross-entropy, averaged over points (KataGo: 1.5)."""
    score_weight: float = 0.0015
    """Weight of the score's Huber loss, quadratic up to 12 points (KataGo, metrics_pytorch.py). In KataGo's
    family also that of its deviation and of the lead."""
    reply_weight: float = 0.15
    """Weight of the cross-entropy of the opponent's reply (Wu 2019, section 4.1)."""
    soft_policy_weight: float = 8.0
    """Weight of the softened policy's cross-entropy (KataGoMethods.md, "Auxiliary Soft Policy Target")."""
    soft_policy_temperature: float = 4.0
    """The softened policy is policy ** (1 / this), scaled to sum to 1 (as above)."""
    short_term_weight: float = 1.0
    """Weight of the short-term values' cross-entropy, averaged over horizons (KataGo: the value's weight)."""
    gradient_clip: float = 5.0
    """Largest norm of the gradient."""
    device: Device = Device.auto
    precision: Precision = Precision.auto
    explosion_factor: float = 5.0
    """A loss above this times its running mean makes training go back to the last checkpoint."""
    held_out_batches: int = 4
    """Batches of held-out positions on which each candidate is measured; 0 for none."""
    num_ranks: int = 1
    """Data-parallel learner processes, one for each GPU; each trains on an equal part of `batch_size`."""
    timeout_s: float = 600.0
    """Longest time that the learner's processes wait for one another."""
    compile: bool = False
    """Whether torch.compile compiles the step; on a CPU that needs a C++ compiler."""
    num_threads: int = 1
    """Math threads of a learner on a CPU."""

    def __post_init__(self) -> None:
        checks.require_range("training.batch_size", self.batch_size, 1, 1_000_000)
        checks.require_positive("training.replay_ratio", self.replay_ratio)
        checks.require_at_least("training.max_lead_positions", self.max_lead_positions, 1)
        checks.require_at_least("training.min_positions", self.min_positions, 1)
        checks.require_at_least("training.publish_steps", self.publish_steps, 1)
        checks.require_at_least("training.checkpoint_steps", self.checkpoint_steps, 1)
        checks.require_at_least("training.keep_checkpoints", self.keep_checkpoints, 1)
        checks.require_range("training.average_decay", self.average_decay, 0, 0.99999)
        checks.require_range("training.average_share", self.average_share, 0, 0.5)
        checks.require_at_least("training.policy_weight", self.policy_weight, 0)
        checks.require_at_least("training.value_weight", self.value_weight, 0)
        checks.require_at_least("training.ownership_weight", self.ownership_weight, 0)
        checks.require_positive("training.gradient_clip", self.gradient_clip)
        checks.require_at_least("training.score_weight", self.score_weight, 0)
        checks.require_at_least("training.reply_weight", self.reply_weight, 0)
        checks.require_at_least("training.soft_policy_weight", self.soft_policy_weight, 0)
        checks.require_range("training.soft_policy_temperature", self.soft_policy_temperature, 1, 100)
        checks.require_at_least("training.short_term_weight", self.short_term_weight, 0)
        checks.require_at_least("training.keep_every_steps", self.keep_every_steps, 0)
        checks.require_range("training.explosion_factor", self.explosion_factor, 1.5, 1e9)
        checks.require_at_least("training.held_out_batches", self.held_out_batches, 0)
        checks.require_at_least("training.num_ranks", self.num_ranks, 1)
        checks.require(
            self.batch_size % self.num_ranks == 0,
            "training.num_ranks",
            self.num_ranks,
            f"a divisor of training.batch_size={self.batch_size}",
        )
        checks.require_positive("training.timeout_s", self.timeout_s)
        checks.require_at_least("training.num_threads", self.num_threads, 1)
