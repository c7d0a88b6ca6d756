"""Targets of finished games, against formulas and numbers worked out by hand."""

import numpy as np
import pytest

from alphazero.config import replay as replay_config
from alphazero.data import targets as game_targets
from tests.data import games


def test_scores_are_those_of_the_player_to_move():
    assert game_targets.scores(games.make_record()).tolist() == [-7, 7, -7, 7]


def test_short_term_values_by_hand():
    """Root values: .5 for Black, -.25 for White, none for Black, 1 for White; White wins by score."""
    values = np.array([0.5, -0.25, np.nan, 1.0], np.float32)
    policy = games.one_hot([4, 0, 9, 9], 10)
    policy[2] = 0
    found = game_targets.short_term_values(games.make_record(root_values=values, policy=policy))
    for column, turns in enumerate(game_targets.SHORT_TERM_TURNS):
        now = 1 / (1 + turns * 9 / 361)
        after = now * -1.0 + (1 - now) * -1.0  # ply 3, Black's view: White is certain to win, and wins
        ply_1 = now * 0.25 + (1 - now) * after
        ply_0 = now * 0.5 + (1 - now) * ply_1
        assert found[:, column] == pytest.approx([ply_0, -ply_1, after, -after])


def test_the_shortest_horizon_comes_last():
    found = game_targets.short_term_values(games.make_record())
    assert list(game_targets.SHORT_TERM_TURNS) == sorted(game_targets.SHORT_TERM_TURNS, reverse=True)
    assert abs(found[0, -1] - 0.5) < abs(found[0, 0] - 0.5)


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (0.0, [1, 1, 1, 1]),
        (1.0, [0, 4 / 3, 5 / 3, 1]),  # relative to the mean of the three known ones
        (0.5, [0.5, 1 / 2 + 2 / 3, 1 / 2 + 5 / 6, 1]),
    ],
)
def test_surprising_positions_are_drawn_more_often(weight: float, expected: list[float]):
    surprise = np.array([0.0, 0.8, 1.0, np.nan], np.float32)
    config = replay_config.ReplayConfig(surprise_weight=weight)
    assert game_targets.draw_weights(games.make_record(surprise=surprise), config) == pytest.approx(expected)


def test_no_position_is_drawn_beyond_the_limit():
    surprise = np.array([0.0, 0.0, 0.0, 1.0], np.float32)
    config = replay_config.ReplayConfig(surprise_weight=1.0, surprise_limit=2.5)
    assert game_targets.draw_weights(games.make_record(surprise=surprise), config).tolist() == [0, 0, 0, 2.5]


@pytest.mark.parametrize("nats", [np.nan, 0.0])
def test_without_surprise_all_weights_are_equal(nats: float):
    record = games.make_record(surprise=np.full(4, nats, np.float32))
    config = replay_config.ReplayConfig(surprise_weight=0.7)
    assert game_targets.draw_weights(record, config).tolist() == [1, 1, 1, 1]
