"""The trainer rolls back once when the loss diverges, and reports it."""

import logging
from pathlib import Path

import numpy as np
import pytest

from alphazero.training import checkpoint, learner, trainer
from tests.training import batches


def make(folder: Path, **training: object) -> tuple[learner.Learner, trainer.Trainer]:
    config = batches.make_config(**training)
    one = learner.Learner(config)
    return one, trainer.Trainer(one, checkpoint.Checkpoints(folder, keep=3), config.training)


def spoiled(value: float = np.nan):
    batch = batches.make_batch(99)
    batch.value[0] = value
    return batch


def parameters(one: learner.Learner) -> dict[str, bytes]:
    return {name: tensor.numpy().tobytes() for name, tensor in one.state()["net"].items()}


def test_a_diverged_loss_rolls_back_at_half_the_learning_rate(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    one, training = make(tmp_path)
    assert not training.restore()
    training.train([batches.make_batch(seed) for seed in range(4)], progress=0)
    training.save()
    good = parameters(one)
    training.train([batches.make_batch(5)], progress=0)
    with caplog.at_level(logging.WARNING):
        assert training.train([batches.make_batch(6), spoiled(), batches.make_batch(7)], progress=0) == []
    assert "training step 7: loss nan" in caplog.text
    assert "back to step 4 at half the learning rate" in caplog.text
    assert (one.step, one.samples, training.rollbacks) == (4, 64, 1)
    assert parameters(one) == good
    rate = training.train([batches.make_batch(5)], progress=0)[0]["rate"]
    assert rate == pytest.approx(batches.make_config().optimizer.rate / 2)
    assert one.state()["rate_factor"] == 0.5
    with pytest.raises(FloatingPointError, match=r"learning rate was already halved: lower optimizer\.rate"):
        training.train([spoiled()], progress=0)


def test_the_lower_learning_rate_survives_a_restart(tmp_path: Path):
    _, training = make(tmp_path)
    training.restore()
    training.train([spoiled()], progress=0)
    training.train([batches.make_batch()], progress=0)
    training.save()
    two, again = make(tmp_path)
    assert again.restore()
    assert two.learning_rate_factor == 0.5


def test_an_exploding_loss_is_detected_by_its_running_mean(tmp_path: Path):
    one, training = make(tmp_path, explosion_factor=2.0)
    training.restore()
    training.train([batches.make_batch(seed) for seed in range(3)], progress=0)
    wild = batches.make_batch(9)
    wild.policy[:] *= 10
    assert training.train([wild], progress=0) == []
    assert (one.step, training.rollbacks) == (0, 1)
    assert len(training.train([batches.make_batch(4)], progress=0)) == 1


def test_a_full_disk_is_a_warning_and_leaves_the_previous_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    one, training = make(tmp_path)
    training.restore()
    training.train([batches.make_batch()], progress=0)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint.files, "write_atomic", refuse)
        assert not training.save()
    assert "step 1 was not saved: [Errno 28] No space left on device" in caplog.text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "step-00000000"]
    assert training.save()
    assert (one.step, checkpoint.newest_step(tmp_path)) == (1, 1)


def test_a_hundred_steps_are_sixty_and_forty_after_a_kill(tmp_path: Path):
    """Bit for bit; steps after the checkpoint and before the kill leave no trace."""
    series = [batches.make_batch(seed) for seed in range(100)]
    straight, _ = make(tmp_path / "none")
    straight.train(series, progress=0)
    _, first = make(tmp_path)
    first.restore()
    first.train(series[:60], progress=0)
    first.save()
    first.train(series[60:75], progress=0)
    second, resumed = make(tmp_path)
    assert resumed.restore()
    resumed.train(series[60:], progress=0)
    assert second.step == straight.step == 100
    assert parameters(second) == parameters(straight)
    ours, theirs = second.state(), straight.state()
    for name, tensor in theirs["averaged"].items():
        assert ours["averaged"][name].numpy().tobytes() == tensor.numpy().tobytes(), name
    for index, moments in theirs["optimizer"]["state"].items():
        for name, tensor in moments.items():
            assert ours["optimizer"]["state"][index][name].numpy().tobytes() == tensor.numpy().tobytes()
