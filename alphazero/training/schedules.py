"""Learning rates over a run."""

from alphazero.config import training as training_config


def rate(config: training_config.ScheduleConfig, peak: float, step: int, progress: float) -> float:
    """The learning rate of step number `step` (0 is the first).

    progress: of the run, 0 at its start and 1 when a stop.* bound is reached; 0 for a run without bounds.
    """
    warmup = min(1.0, (step + 1) / config.warmup_steps) if config.warmup_steps else 1.0
    if config.name is training_config.ScheduleName.constant or progress <= config.tail_start:
        return peak * warmup
    fallen = min(1.0, (progress - config.tail_start) / (1 - config.tail_start))
    return peak * warmup * (1 - fallen * (1 - config.final_fraction))
