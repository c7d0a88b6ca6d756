"""Training of a student: time, progress lines, interruptions, and its agreement with the teacher."""

import itertools

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import compose
from alphazero.data import gamelog
from alphazero.net import inference
from alphazero.supervised import student, teacher_games
from tests.data import games

SETTINGS = [
    "conf=9x9",
    "net=b4c32",
    "net.blocks=1",
    "net.filters=8",
    "game.size=3",
    "training.batch_size=64",
    "optimizer.rate=0.01",
]


class FirstFreePoint:
    """A teacher that likes low points, and values the stones of the player to move."""

    def evaluate(self, inputs):
        logits = np.tile(-np.arange(10, dtype=np.float32), (len(inputs.planes), 1))
        return evaluators.Outputs(logits, inputs.planes[:, 0].sum(axis=(1, 2)) / np.float32(3))


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """Games of random first moves with the teacher's answers."""
    folder, rng = tmp_path_factory.mktemp("games"), np.random.default_rng(0)
    config = compose.compose([*SETTINGS, "replay.held_out_fraction=0.2", "schedule.warmup_steps=10"])
    for number in range(100):
        moves = [*rng.permutation(9)[:3].tolist(), 9, 9]
        record = games.make_record(game_id=f"game-{number}", moves=np.array(moves, np.int16), num_played=5,
                                   policy=games.one_hot(moves, 10),
                                   root_values=np.zeros(5, np.float32))  # fmt: skip
        gamelog.GameLog(folder).append(record, "actor")
    teacher = teacher_games.Teacher(FirstFreePoint(), 3, 7.0)
    found = teacher_games.collect(folder, teacher, config, 1e9, lambda: False, pytest.fail)
    assert len(found.held_out) > 50
    return config, found


@pytest.mark.slow
def test_it_learns_and_reports(collected):
    said, clock = [], itertools.count(0.0, 1.0)
    training = student.StudentTraining(*collected, clock=lambda: next(clock), say=said.append)
    untrained = inference.make_exact(training.finish()[0])
    assert training.run(40.0, lambda: False)
    assert (training.steps, training.samples) == (4 * 40, 64 * 4 * 40)
    lines = [line for line in said if "held out" not in line]
    assert [line.split(" | ")[:2] for line in lines] == [
        ["step 40", "0.2 min, 30 s left"], ["step 80", "0.3 min, 20 s left"],
        ["step 120", "0.5 min, 10 s left"], ["step 160", "0.7 min, 0 s left"],
    ]  # fmt: skip
    assert "loss " in lines[0] and lines[0].endswith("samples/s 256")
    assert len(said) - len(lines) == 9 and said[0].startswith("step 16 held out | policy KL ")

    weights, agreed = training.finish()
    trained = inference.make_exact(weights)
    before, after = (agreement(evaluator, collected[1].held_out) for evaluator in (untrained, trained))
    assert [agreed[name] for name in student.AGREEMENT] == pytest.approx(after, abs=0.05)
    assert after[0] < 0.8 * before[0]


def agreement(evaluator, window):
    """Divergence of the policy, fraction of equal best moves, squared error of the value, in plain numpy."""
    numbers = np.arange(len(window))
    batch = window.gather(numbers, np.zeros(len(numbers), np.int64))
    planes = np.unpackbits(batch.planes, axis=1, count=18 * 9, bitorder="little").reshape(-1, 18, 3, 3)
    logits, values, *_ = evaluator.evaluate(evaluators.Inputs(planes))
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    logs = np.log(raised / raised.sum(axis=1, keepdims=True))
    targets = batch.policy
    divergence = np.where(targets > 0, targets * (np.log(np.maximum(targets, 1e-30)) - logs), 0).sum(axis=1)
    same = logits.argmax(axis=1) == targets.argmax(axis=1)
    return divergence.mean(), same.mean(), ((values - batch.value) ** 2).mean()


def test_an_interruption(collected):
    training = student.StudentTraining(*collected, say=pytest.fail)
    assert not training.run(1e9, lambda: training.steps >= 8)
    assert training.steps == 8


def test_parts_of_a_window(collected):
    held_out = collected[1].held_out
    parts = student.in_batches(held_out, 50, 20)
    assert [len(part.value) for part in parts] == [17, 17, 16]
    every = held_out.gather(np.arange(len(held_out)), np.zeros(len(held_out), np.int64)).value
    taken = np.concatenate([part.value for part in parts])
    assert np.array_equal(taken, every[np.arange(50) * len(every) // 50])
    assert sum(len(part.value) for part in student.in_batches(held_out, 10_000, 20)) == len(held_out)


def test_lines_without_held_out_games():
    assert student.describe({}) == "no held-out games"
    found = {"policy_kl": 0.1234, "policy_top1": 0.5, "value_mse": 0.01}
    assert student.describe(found) == "policy KL 0.123 | same best move 50.0% | value mse 0.0100"
