"""The learner: losses, optimizers, schedules, checkpoints."""
