"""Supervised training in this process: it learns, resumes bit for bit, stops early, keeps the best."""

import itertools

import numpy as np
import pytest
import torch

from alphazero.config import compose
from alphazero.datasets import dataset
from alphazero.net import leela
from alphazero.supervised import training_loop, training_state
from alphazero.training import checkpoint, data_parallel
from tests.datasets import corpus
from tests.evaluation import networks

pytestmark = pytest.mark.slow
WORDS = [
    "conf=smoke",
    "stop.minutes=null",
    "stop.promotions=null",
    "net.blocks=1",
    "net.filters=16",
    "net.ownership=false",
    "training.batch_size=32",
    "training.checkpoint_steps=20",
    "training.device=cpu",
    "training.precision=fp32",
    "training.average_decay=0.9",
    "optimizer.rate=0.01",
    "data.evaluate_steps=20",
    "data.shuffle_positions=500",
]


class Listener:
    def __init__(self):
        self.steps, self.evaluations = [], []

    def on_steps(self, step, metrics, skipped):
        self.steps.append((step, metrics))

    def on_evaluation(self, step, metrics, is_best):
        self.evaluations.append((step, metrics, is_best))


@pytest.fixture(scope="module")
def games(tmp_path_factory):
    return corpus.write_log(tmp_path_factory.mktemp("data") / "run", 60)


def train(games, folder, *words, should_stop=lambda: False):
    config = compose.compose([*WORDS, f"data.path={games}", *words])
    listener = Listener()
    job = training_loop.SupervisedTraining(
        config, dataset.survey(config), folder, data_parallel.Ranks(), listener
    )
    return job, job.run(should_stop), listener


def newest(folder):
    state = checkpoint.Checkpoints(folder, 3).load_newest()
    assert state is not None
    return state


def same(one, other):
    """Whether two states are equal bit for bit."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return torch.equal(one, other) if isinstance(one, torch.Tensor) else one == other


def test_it_learns_from_the_games(games, tmp_path):
    job, ending, listener = train(games, tmp_path, "stop.steps=240", "data.epochs=null")
    assert ending is training_loop.Ending.bound and job.step == 240
    first, last = listener.evaluations[0][1], listener.evaluations[-1][1]
    assert first["policy_loss"] > 1.2 * last["policy_loss"]
    assert last["policy_loss"] < 0.6 * np.log(26) and last["policy_top1"] > 0.5
    assert last["policy_top5"] > last["policy_top1"] and last["value_mse"] < 1
    assert job.best.metrics == min(
        (each[1] for each in listener.evaluations), key=lambda found: found["loss"]
    )
    assert [each[0] for each in listener.evaluations] == list(range(20, 241, 20))
    metrics = listener.steps[-1][1]
    assert {"loss", "rate", "samples_per_s", "data_wait_fraction", "epochs", "progress"} <= metrics.keys()
    assert metrics["epochs"] == pytest.approx(240 * 32 / 660, rel=0.2)


@pytest.mark.parametrize("stop_at", [40, 56])
def test_a_hundred_steps_are_sixty_and_forty_bit_for_bit(games, tmp_path, stop_at):
    """Stopped at a checkpoint and between two checkpoints."""
    whole, _, listener = train(games, tmp_path / "whole", "stop.steps=100")
    calls = itertools.count()
    counted = sum(step <= stop_at for step, _ in listener.steps)
    _, ending, _ = train(
        games, tmp_path / "parts", "stop.steps=100", should_stop=lambda: next(calls) >= counted
    )
    assert ending is training_loop.Ending.interrupted
    assert newest(tmp_path / "parts")["step"] == stop_at
    resumed, _, rest = train(games, tmp_path / "parts", "stop.steps=100")
    assert resumed.step == whole.step == 100 and rest.steps[0][0] > stop_at
    one, other = newest(tmp_path / "whole"), newest(tmp_path / "parts")
    for state in (one, other):
        assert state["supervised"].pop("minutes") > 0
    assert same(one, other)
    assert leela.to_text(whole.best.weights) == leela.to_text(resumed.best.weights)


def test_other_data_begin_a_new_pass(games, tmp_path, caplog):
    train(games, tmp_path, "stop.steps=24")
    job, _, listener = train(games, tmp_path, "stop.steps=40", "data.num_readers=2")
    assert "a new pass begins" in caplog.text
    assert job.step == 40 and listener.steps[0][1]["epochs"] >= 2


def test_it_stops_when_the_held_out_loss_no_longer_falls(games, tmp_path):
    job, ending, listener = train(
        games, tmp_path, "data.patience=2", "data.evaluate_steps=10", "stop.steps=4000", "data.epochs=null",
        "schedule=constant", "optimizer.rate=0.03",
    )  # fmt: skip
    assert ending is training_loop.Ending.patience and job.step < 4000
    assert [is_best for _, _, is_best in listener.evaluations[-3:]] == [True, False, False]
    assert job.best.step == listener.evaluations[-3][0]
    again, ending, _ = train(
        games, tmp_path, "data.patience=2", "data.evaluate_steps=10", "stop.steps=4000", "data.epochs=null",
    )  # fmt: skip
    assert ending is training_loop.Ending.patience and again.step == job.step
    assert leela.to_text(again.best.weights) == leela.to_text(job.best.weights)


def test_it_ends_after_passes_and_works_without_held_out_positions(games, tmp_path):
    job, ending, listener = train(games, tmp_path, "data.epochs=2", "data.held_out_fraction=0")
    assert ending is training_loop.Ending.bound
    assert job.step * 32 == pytest.approx(2 * 720, abs=8 * 32)
    assert listener.evaluations == [(job.step, {}, True)] and job.best.step == job.step


def test_other_checkpoints_are_refused(games, tmp_path):
    train(games, tmp_path / "a", "stop.steps=8")
    with pytest.raises(ValueError, match="the checkpoint belongs to another network"):
        train(games, tmp_path / "a", "net.filters=4")
    state = newest(tmp_path / "a")
    del state["supervised"]
    checkpoint.Checkpoints(tmp_path / "b", 3).save(8, state)
    with pytest.raises(ValueError, match=r"does not belong to supervised training; choose another run\.dir"):
        train(games, tmp_path / "b")


def test_a_full_disk_is_reported_and_leaves_the_last_checkpoint(games, tmp_path, monkeypatch, caplog):
    train(games, tmp_path, "stop.steps=20")

    def full(path, data):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(checkpoint.files, "write_atomic", full)
    with pytest.raises(RuntimeError, match="step 40 could not be saved"):
        train(games, tmp_path, "stop.steps=40")
    assert "No space left on device" in caplog.text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latest", "step-00000000", "step-00000020"]


def test_a_state_survives_being_saved():
    weights = networks.make_weights()
    before = training_state.SupervisedState(
        minutes=1.5, data="x", best=training_state.BestNetwork(7, {"loss": 2.0}, weights)
    )
    after = training_state.SupervisedState.of_state(before.state())
    assert after.best is not None and leela.to_text(after.best.weights) == leela.to_text(weights)
    assert (after.minutes, after.data, after.best.step, after.best.metrics) == (1.5, "x", 7, {"loss": 2.0})
