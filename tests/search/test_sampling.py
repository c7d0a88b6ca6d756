"""Tests of sampling: actions are drawn in proportion to their weights, never with weight zero."""

import numpy as np

from alphazero.search import sampling


def test_shares_follow_the_weights():
    weights = np.tile([0.0, 3.0, 0.0, 1.0, 0.0], (20_000, 1))
    drawn = sampling.draw(weights, np.random.default_rng(0))
    assert set(drawn.tolist()) == {1, 3}
    assert abs((drawn == 1).mean() - 0.75) < 0.01


def test_each_row_has_its_own_weights_and_one_number():
    rng, slow = np.random.default_rng(1), np.random.default_rng(1)
    assert sampling.draw(np.eye(4), rng).tolist() == [0, 1, 2, 3]
    slow.random(4)
    assert rng.random() == slow.random()
