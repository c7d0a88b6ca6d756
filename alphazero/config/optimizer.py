"""Settings of the optimizer and of the schedule of its learning rate and momentum."""

from dataclasses import dataclass, field
from enum import Enum

from alphazero.config import checks


class OptimizerName(Enum):
    """Optimizers of the learner; docs/training.md lists them with their sources."""

    sgd = "sgd"
    momentum = "momentum"
    adagrad = "adagrad"
    rmsprop = "rmsprop"
    adam = "adam"
    adam_l2 = "adam_l2"
    adamw = "adamw"
    amsgrad = "amsgrad"
    muon = "muon"
    rso = "rso"


class ScheduleName(Enum):
    """Schedules of the learner."""

    constant = "constant"
    steps = "steps"
    cosine = "cosine"
    onecycle = "onecycle"
    tail = "tail"
    inverse_sqrt = "inverse_sqrt"


@dataclass(kw_only=True, slots=True)
class OptimizerConfig:
    """One optimizer; `optimizer=NAME` selects a complete group."""

    name: OptimizerName = OptimizerName.adamw
    rate: float = 3e-3
    """Peak learning rate; of rso: its standard deviations, as a multiple of the paper's."""
    weight_decay: float = 0.02
    """Of kernels and matrices. Decoupled in adamw, amsgrad and muon: w -= rate * decay * w (Loshchilov and
    Hutter 2019). An L2 penalty, added to the gradient, in sgd, momentum, adagrad, rmsprop and adam_l2. In rso
    w *= 1 - decay whenever a weight is tried, as in its authors' code. adam has none."""
    momentum: float = 0.9
    """Nesterov's in momentum and muon, beta1 in the Adams (and for muon's other parameters), plain in
    rmsprop. sgd has none; adagrad and rso ignore it."""
    beta2: float = 0.999
    """Decay of the squared gradients in the Adams and rmsprop. Kingma and Ba 2015 have 0.999; with onecycle
    0.99 (Gugger and Howard 2018)."""
    epsilon: float = 1e-8
    """Added to the root of squared gradients in the Adams, adagrad and rmsprop (Kingma and Ba 2015)."""
    weights_per_step: int = 128
    """rso: weights that are tried on one batch. The paper uses a new batch for each weight; with several
    weights the preparation of a step costs less."""

    def __post_init__(self) -> None:
        checks.require_positive("optimizer.rate", self.rate)
        checks.require_at_least("optimizer.weight_decay", self.weight_decay, 0)
        checks.require_range("optimizer.momentum", self.momentum, 0, 0.9999)
        checks.require_range("optimizer.beta2", self.beta2, 0, 0.999999)
        checks.require_positive("optimizer.epsilon", self.epsilon)
        checks.require_at_least("optimizer.weights_per_step", self.weights_per_step, 1)
        if self.name is OptimizerName.sgd:
            allowed = "0 for sgd; optimizer=momentum has it"
            checks.require(self.momentum == 0, "optimizer.momentum", self.momentum, allowed)
        if self.name is OptimizerName.momentum:
            allowed = "greater than 0 for momentum; optimizer=sgd has none"
            checks.require(self.momentum > 0, "optimizer.momentum", self.momentum, allowed)
        if self.name is OptimizerName.adam:
            allowed = "0 for adam; optimizer=adam_l2 and optimizer=adamw decay"
            checks.require(self.weight_decay == 0, "optimizer.weight_decay", self.weight_decay, allowed)


@dataclass(kw_only=True, slots=True)
class ScheduleConfig:
    """Learning rate and momentum over the run's progress (0 at its start, 1 at a stop.* bound).

    A run without bounds always has progress 0, so that onecycle would stay at its low start. inverse_sqrt
    follows the steps, and near a bound also the progress.
    """

    name: ScheduleName = ScheduleName.tail
    warmup_steps: int = 100
    """Steps over which the learning rate rises from zero, in every schedule."""
    decay_steps: int = 4_000
    """inverse_sqrt: steps at the peak; from then on the learning rate is the peak * sqrt(this / steps)."""
    tail_start: float = 0.6
    """tail, inverse_sqrt: progress at which the learning rate begins to fall linearly."""
    final_fraction: float = 0.05
    """tail, inverse_sqrt, cosine, onecycle: learning rate at progress 1, as a fraction of what it would be
    without that fall."""
    milestones: list[float] = field(default_factory=lambda: [0.57, 0.86])
    """steps: progress at each drop of the rate. AlphaGo Zero: 400,000 and 600,000 of 700,000 steps."""
    milestone_factor: float = 0.1
    """steps: factor of the learning rate at each milestone (AlphaGo Zero)."""
    start_fraction: float = 0.1
    """onecycle: learning rate at progress 0 and at `cycle_end`, as a fraction of the peak (Smith 2018)."""
    cycle_peak: float = 0.45
    """onecycle: progress at which the learning rate is highest and the momentum lowest."""
    cycle_end: float = 0.9
    """onecycle: end of the cycle, from which the learning rate falls to `final_fraction` (Smith 2018)."""
    high_momentum: float = 0.95
    """onecycle: momentum (beta1 of the Adams) at the lowest learning rate (Smith 2018)."""
    low_momentum: float = 0.85
    """onecycle: momentum at the highest learning rate (Smith 2018)."""

    def __post_init__(self) -> None:
        checks.require_at_least("schedule.warmup_steps", self.warmup_steps, 0)
        checks.require_at_least("schedule.decay_steps", self.decay_steps, 1)
        checks.require_range("schedule.tail_start", self.tail_start, 0, 1)
        checks.require_range("schedule.final_fraction", self.final_fraction, 0, 1)
        is_rising = all(0 <= mark <= 1 for mark in self.milestones) and self.milestones == sorted(
            self.milestones
        )
        checks.require(is_rising, "schedule.milestones", self.milestones, "from 0 to 1, in order")
        checks.require_range("schedule.milestone_factor", self.milestone_factor, 0, 1)
        checks.require_range("schedule.start_fraction", self.start_fraction, 0, 1)
        is_cycle = 0 < self.cycle_peak < self.cycle_end <= 1
        allowed = "greater than 0 and less than schedule.cycle_end"
        checks.require(is_cycle, "schedule.cycle_peak", self.cycle_peak, allowed)
        checks.require_range("schedule.cycle_end", self.cycle_end, 0, 1)
        checks.require_range("schedule.high_momentum", self.high_momentum, 0, 0.9999)
        checks.require_range("schedule.low_momentum", self.low_momentum, 0, self.high_momentum)
