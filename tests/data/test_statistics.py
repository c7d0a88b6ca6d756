"""Statistics of the newest games, against numbers worked out by hand."""

import numpy as np
import pytest

from alphazero.config import selfplay as selfplay_config
from alphazero.data import statistics
from tests.data import games

CONFIG = selfplay_config.SelfPlayConfig(resign_threshold=-0.5, resign_turns=2)
WINS_BLACK, WINS_WHITE = {"komi": -1.0}, {"komi": 1.0}


def values(*numbers: float) -> dict[str, object]:
    """Fields of a game that ends at its move limit with these root values, Black's first."""
    count = len(numbers)
    return {
        "moves": np.arange(count, dtype=np.int16),
        "num_played": count,
        "policy": games.one_hot(list(range(count)), 10),
        "root_values": np.array(numbers, np.float32),
        "end": "limit",
    }


def test_fractions_and_means():
    stats = statistics.RunningStats(CONFIG)
    assert stats.summary() == {}
    stats.add(games.make_record(komi=0.0))
    stats.add(games.make_record(**WINS_BLACK))
    stats.add(games.make_record(**WINS_BLACK, end="resign", winner=-1))
    stats.add(games.make_record(**WINS_WHITE, **values(0, 0)))
    assert stats.summary() == {
        "draw_fraction": 0.25,
        "black_win_fraction": 0.25,
        "passes_fraction": 0.5,
        "resign_fraction": 0.25,
        "settled_fraction": 0.0,
        "limit_fraction": 0.25,
        "mean_length": 3.5,
        "distinct_openings": 2.0,
    }


def test_only_the_newest_games_count():
    stats = statistics.RunningStats(CONFIG, num_games=2)
    for komi in (-1.0, 0.0, 0.0):
        stats.add(games.make_record(komi=komi))
    assert stats.summary()["draw_fraction"] == 1


@pytest.mark.parametrize(
    ("roots", "player"),
    [
        ((-0.6, 0.6, -0.6, 0.6), 1),  # Black's second low turn
        ((0.6, -0.6, 0.6, -0.6), -1),  # White's
        ((-0.6, -0.6, -0.6, -0.6), 1),  # both, Black is first
        ((-0.6, 0.6, -0.5, 0.6, -0.6), 0),  # not below the threshold in between
        ((-0.6, -0.6, 0.0), 0),  # one low turn each
        ((-0.6, 0.0, np.nan, 0.0, -0.6), 0),  # a turn without search is not low
        ((), 0),
    ],
)
def test_who_would_resign_first(roots: tuple[float, ...], player: int):
    policy = games.one_hot(list(range(len(roots))), 10)
    policy[np.isnan(np.array(roots, np.float32))] = 0
    record = games.make_record(**values(*roots) | {"policy": policy})
    assert statistics.first_to_resign(record, CONFIG) == player


def test_wrong_resignations_are_counted_if_resignation_is_disabled():
    low_black = values(-0.9, 0.9, -0.9)
    stats = statistics.RunningStats(CONFIG)
    stats.add(games.make_record(**WINS_BLACK, **low_black))  # may resign, so it does not count
    assert "wrong_resign_fraction" not in stats.summary()
    stats.add(games.make_record(**WINS_WHITE, **low_black, may_resign=False))  # right: Black lost
    stats.add(games.make_record(komi=0.0, **low_black, may_resign=False))  # wrong: a draw
    stats.add(games.make_record(**WINS_BLACK, **low_black, may_resign=False))  # wrong: Black won
    stats.add(games.make_record(**WINS_BLACK, **values(0, 0), may_resign=False))  # no player would resign
    assert stats.summary()["wrong_resign_fraction"] == pytest.approx(2 / 3)
