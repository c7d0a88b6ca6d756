"""Batches and settings for tests of the learner."""

import numpy as np

from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.config import optimizer as optimizer_config
from alphazero.config import schema
from alphazero.config import training as training_config
from alphazero.data import batch as batches
from alphazero.go import input_families

SIZE = 4


def make_config(**training: object) -> schema.Config:
    """A tiny network in float32 on the CPU."""
    settings = {"device": training_config.Device.cpu, "precision": training_config.Precision.fp32}
    return schema.Config(
        game=game_config.GameConfig(size=SIZE),
        net=net_config.NetConfig(blocks=1, filters=8),
        schedule=optimizer_config.ScheduleConfig(warmup_steps=5),
        training=training_config.TrainingConfig(**{**settings, **training}),  # type: ignore[arg-type]
    )


def make_batch(seed: int = 1, batch: int = 16, size: int = SIZE) -> batches.TrainingBatch:
    """Random positions with targets that can be learned: they depend on the player's current stones."""
    rng = np.random.default_rng(seed)
    points = size * size
    planes = (rng.random((batch, 18, size, size)) < 0.3).astype(np.uint8)
    own = planes[:, 0].reshape(batch, points).astype(np.float32)
    policy = np.concatenate([own + 0.01, np.full((batch, 1), 0.01, np.float32)], axis=1)
    return batches.TrainingBatch(
        planes=input_families.LEELA.pack(planes),
        globals=np.zeros((batch, 0), np.float32),
        policy=policy / policy.sum(axis=1, keepdims=True),
        value=np.tanh(own.sum(axis=1) - 0.3 * points).astype(np.float32),
        weight=np.ones(batch, np.float32),
        auxiliary={
            "ownership": (2 * own - 1).astype(np.int8),
            "score": (2 * own.sum(axis=1) - points).astype(np.float32),
            "reply": np.roll(policy, 1, axis=1) / policy.sum(axis=1, keepdims=True),
            "short_term": np.stack(
                [np.tanh(own.sum(axis=1) - factor * points) for factor in (0.2, 0.3, 0.4)], axis=1
            ),
        },
    )
