"""moves_left, the training target of docs/extending.md, in a copy of the project that has it."""

import numpy as np

from alphazero.config import compose
from alphazero.data import replay
from alphazero.data import targets as game_targets
from alphazero.training import learner
from tests.training import positions


def test_the_learner_learns_it_from_the_replay_window():
    words = ["conf=smoke", "net.moves_left=true", "net.blocks=1", "net.filters=8", "training.device=cpu"]
    config = compose.compose(words)
    window = replay.ReplayWindow(5, config.replay, game_targets.fields_of(config.net))
    record = positions.random_record(1)
    window.add(record)
    numbers = np.arange(record.num_targets)
    batch = window.gather(numbers, np.zeros_like(numbers))
    assert batch.auxiliary["moves_left"].tolist() == list(range(record.num_played, 0, -1))
    found = learner.Learner(config).train([batch] * 60, progress=0)
    assert found[-1]["moves_left_loss"] < 0.7 * found[0]["moves_left_loss"]
