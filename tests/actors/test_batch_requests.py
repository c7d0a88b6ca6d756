"""Tests of requests for batches: their length, and the parts of the reply."""

import pytest

from actors import batch_requests, messages
from alphazero.config import training as training_config


@pytest.mark.parametrize(
    ("first", "step_s", "steps"),
    [
        (0, 2.0, 1),
        (0, 0.1, 10),
        (0, 0.001, 64),
        (95, 0.1, 5),  # a publication is due after 100 steps
        (145, 0.1, 5),  # a checkpoint is due after 150 steps
        (100, 0.1, 10),
    ],
)
def test_a_request_lasts_a_second_and_ends_before_anything_is_due(first, step_s, steps):
    config = training_config.TrainingConfig(publish_steps=100, checkpoint_steps=150)
    assert batch_requests.num_steps(config, first, step_s) == steps


class Buffer:
    """A replay buffer whose replies are their own references."""

    def __init__(self):
        self.request_shards = self

    def options(self, num_returns):
        self.num_returns = num_returns
        return self

    def remote(self, request):
        self.request = request
        return [True, *("shard" for _ in range(self.num_returns - 1))]


def test_each_rank_has_its_part_of_the_reply():
    buffer = Buffer()
    request = messages.BatchRequest(samples=0, steps=5, batch_size=8, num_ranks=3)
    pending = batch_requests.send(buffer, request)
    assert pending == (5, True, ["shard"] * 3)
    assert buffer.request is request
