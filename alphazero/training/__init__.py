"""Training of the network: learner, losses, optimizers, schedules, checkpoints."""
