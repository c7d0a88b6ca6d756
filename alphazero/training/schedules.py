"""Learning rate and momentum over a run."""

import math
from typing import NamedTuple

from alphazero.config import optimizer as optimizer_config

Name = optimizer_config.ScheduleName


class Setting(NamedTuple):
    """Settings of an optimizer for one step."""

    rate: float
    momentum: float  # beta1 of the Adam family; 0 for an optimizer without momentum


def at(
    config: optimizer_config.ScheduleConfig,
    optimizer: optimizer_config.OptimizerConfig,
    step: int,
    progress: float,
    *,
    warm_from: int = 0,
) -> Setting:
    """Learning rate and momentum of step number `step` (0 is the first).

    progress: of the run, 0 at its start and 1 when a stop.* bound is reached. It is 0 for a run without
    bounds, and values above 1 count as 1. warm_from: the step at which the warm-up begins. Only onecycle
    changes the momentum, and only for an optimizer that has one.
    """
    progress = min(1.0, progress)
    warmup = min(1.0, (step + 1 - warm_from) / config.warmup_steps) if config.warmup_steps else 1.0
    momentum = optimizer.momentum
    if config.name is Name.onecycle and momentum > 0:
        share = _cycle(config, progress)
        momentum = config.high_momentum + share * (config.low_momentum - config.high_momentum)
    return Setting(optimizer.rate * warmup * _share_of_peak(config, step, progress), momentum)


def _share_of_peak(config: optimizer_config.ScheduleConfig, step: int, progress: float) -> float:
    """The learning rate as a fraction of the peak, without warm-up."""
    if config.name is Name.inverse_sqrt:
        return math.sqrt(config.decay_steps / max(config.decay_steps, step)) * _cooldown(config, progress)
    if config.name is Name.steps:
        return config.milestone_factor ** sum(progress >= mark for mark in config.milestones)
    if config.name is Name.cosine:
        return _mix(config.final_fraction, 1, (1 + math.cos(math.pi * progress)) / 2)
    if config.name is Name.tail:
        return _cooldown(config, progress)
    if config.name is Name.onecycle:
        if progress <= config.cycle_end:
            return _mix(config.start_fraction, 1, _cycle(config, progress))
        fallen = (progress - config.cycle_end) / (1 - config.cycle_end)
        return _mix(config.start_fraction, config.final_fraction, fallen)
    return 1.0


def _cooldown(config: optimizer_config.ScheduleConfig, progress: float) -> float:
    """1, then linearly down to `final_fraction` from `tail_start` on."""
    if progress <= config.tail_start:
        return 1.0
    return _mix(1, config.final_fraction, (progress - config.tail_start) / (1 - config.tail_start))


def _cycle(config: optimizer_config.ScheduleConfig, progress: float) -> float:
    """Height of onecycle: 0 at its start and from `cycle_end` on, 1 at `cycle_peak`, linear in between."""
    if progress <= config.cycle_peak:
        return progress / config.cycle_peak
    return max(0.0, (config.cycle_end - progress) / (config.cycle_end - config.cycle_peak))


def _mix(start: float, end: float, share: float) -> float:
    return start + share * (end - start)
