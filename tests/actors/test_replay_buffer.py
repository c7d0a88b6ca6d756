"""Tests of the replay protocol: the example in the docstring, and the parts of a reply."""

import pytest

from actors import messages, replay_buffer
from alphazero.config import compose
from tests.datasets import corpus

SETTINGS = [
    "conf=smoke",
    "game.size=5",
    "replay.min_window=20",
    "replay.held_out_fraction=0",
    "training.replay_ratio=4",
    "training.min_positions=20",
    "training.max_lead_positions=30",
]


@pytest.fixture
def config(tmp_path):
    return compose.compose([*SETTINGS, f"run.dir={tmp_path}"])


def request(buffer, samples, steps, num_ranks=1):
    """Whether the request was granted, and the number of batches of each rank."""
    is_granted, *shards = buffer.request_shards(
        messages.BatchRequest(samples=samples, steps=steps, batch_size=8, num_ranks=num_ranks)
    )
    return is_granted, [len(shard) for shard in shards]


def test_the_example_in_the_docstring(config):
    buffer = replay_buffer.ReplayBuffer(config)
    assert request(buffer, 0, 1) == (False, [0])
    reply = buffer.add_games([corpus.game_of(number) for number in (0, 1)], "one")
    assert reply == messages.PushReply(total_games=2, should_wait=False)
    assert buffer.metrics()["positions"] == 24
    assert request(buffer, 0, 1) == (True, [1])
    assert request(buffer, 8, 2) == (True, [2])
    assert not buffer.state().should_wait
    reply = buffer.add_games([corpus.game_of(number) for number in (2, 3)], "one")
    assert reply == messages.PushReply(total_games=4, should_wait=True)
    assert request(buffer, 24, 8) == (True, [8])
    assert not buffer.state().should_wait

    restarted = replay_buffer.ReplayBuffer(config)
    assert restarted.state() == messages.PushReply(total_games=4, should_wait=False)
    assert request(restarted, 88, 13) == (True, [13])
    assert request(restarted, 192, 1) == (False, [0])
    assert request(restarted, 24, 1) == (True, [1])
    assert restarted.metrics()["samples"] == 32
    assert restarted.state().should_wait


def test_each_rank_gets_batches_of_its_own(config):
    buffer = replay_buffer.ReplayBuffer(config)
    buffer.add_games([corpus.game_of(number) for number in range(4)], "one")
    assert request(buffer, 0, 3, num_ranks=2) == (True, [3, 3])
    assert request(buffer, 48, 100, num_ranks=2) == (False, [0, 0])
    assert buffer.metrics()["samples"] == 48
