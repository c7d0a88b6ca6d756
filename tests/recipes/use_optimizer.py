"""Signum, the optimizer of docs/extending.md, in a copy of the project that has it."""

from alphazero.config import compose
from alphazero.training import learner
from tests.training import batches

WORDS = [
    "net=b2c16",
    "optimizer=signum",
    "schedule.warmup_steps=0",
    f"game.size={batches.SIZE}",
    "net.blocks=1",
    "net.filters=8",
    "training.device=cpu",
]


def test_a_learner_lowers_the_loss_of_a_batch():
    student = learner.Learner(compose.compose(WORDS))
    series = [metrics["loss"] for metrics in student.train([batches.make_batch()] * 40, progress=0.0)]
    assert series[-1] < 0.9 * series[0]
