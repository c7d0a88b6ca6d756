"""Targets of finished games, against formulas and numbers worked out by hand."""

import numpy as np
import pytest

from alphazero.config import net as net_config
from alphazero.config import replay as replay_config
from alphazero.config import training as training_config
from alphazero.data import targets as game_targets
from tests.data import games

CONFIG = replay_config.ReplayConfig()


@pytest.mark.parametrize("target", game_targets.TARGETS, ids=lambda target: target.name)
def test_every_row_has_its_settings_and_makes_what_it_says(target: game_targets.Target):
    assert target.weight(training_config.TrainingConfig()) >= 0
    if target.head is game_targets.HeadKind.auxiliary:
        assert isinstance(getattr(net_config.NetConfig(), target.name), bool)
    if not isinstance(target.source, game_targets.Derived):
        made = target.source(games.make_record(), CONFIG)
        assert made.shape == (4, *target.shape.dimensions(3)) and made.dtype == target.dtype


@pytest.mark.parametrize("target", game_targets.TARGETS, ids=lambda target: target.name)
def test_numbers_of_the_player_to_move_change_sign_with_the_result(target: game_targets.Target):
    """The same moves, with White's komi, points and values given to Black."""
    if isinstance(target.source, game_targets.Derived):
        pytest.skip("made from the policy")
    record = games.make_record()
    turned = games.make_record(
        komi=-record.komi, ownership=-record.ownership, root_values=-record.root_values
    )
    sign = -1 if target.perspective is game_targets.Perspective.player else 1
    assert np.array_equal(target.source(turned, CONFIG), sign * target.source(record, CONFIG))


def test_ownership_is_that_of_the_player_to_move():
    black = [-1, 0, 0, 0, 1, 0, 0, 0, 0]
    white = [1, 0, 0, 0, -1, 0, 0, 0, 0]
    assert game_targets.owners(games.make_record(), CONFIG).tolist() == [black, white, black, white]


def test_fields_are_those_of_the_enabled_heads():
    net = net_config.NetConfig(ownership=False, score=True, soft_policy=True)
    assert [target.name for target in game_targets.enabled(net)] == ["score", "soft_policy"]
    assert game_targets.fields_of(net) == {"score"}
    assert game_targets.optional_fields()[:4] == ("ownership", "score", "reply", "short_term")


def test_scores_are_those_of_the_player_to_move():
    assert game_targets.scores(games.make_record(), CONFIG).tolist() == [-7, 7, -7, 7]


def test_short_term_values_by_hand():
    """Root values: .5 for Black, -.25 for White, none for Black, 1 for White; White wins by score."""
    values = np.array([0.5, -0.25, np.nan, 1.0], np.float32)
    policy = games.one_hot([4, 0, 9, 9], 10)
    policy[2] = 0
    found = game_targets.short_term_values(games.make_record(root_values=values, policy=policy), CONFIG)
    for column, turns in enumerate(game_targets.SHORT_TERM_TURNS):
        now = 1 / (1 + turns * 9 / 361)
        after = now * -1.0 + (1 - now) * -1.0  # ply 3, Black's view: White is certain to win, and wins
        ply_1 = now * 0.25 + (1 - now) * after
        ply_0 = now * 0.5 + (1 - now) * ply_1
        assert found[:, column] == pytest.approx([ply_0, -ply_1, after, -after])


def test_the_shortest_horizon_comes_last():
    found = game_targets.short_term_values(games.make_record(), CONFIG)
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
