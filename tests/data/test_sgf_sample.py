"""Sampled games, read back by sgfmill as an independent implementation of the format."""

import numpy as np
import pytest
from sgfmill import sgf

from alphazero.data import sgf_sample
from tests.data import games


def test_every_third_game_is_kept(tmp_path):
    sample = sgf_sample.SgfSample(tmp_path, 3)
    sample.add([games.make_record(game_id=f"a-{number}") for number in range(4)])
    sample.add([games.make_record(game_id=f"b-{number}") for number in range(4)])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-0.sgf", "a-3.sgf", "b-2.sgf"]


def test_moves_values_and_names():
    policy = games.one_hot([4, 0, 9, 9], 10)
    policy[0] = 0  # the first move was not searched
    values = np.array([np.nan, -0.25, 0.0, 1.0], np.float32)
    record = games.make_record(oldest_weights=250, newest_weights=500, policy=policy, root_values=values)
    found = sgf.Sgf_game.from_bytes(sgf_sample.as_sgf(record))
    main = found.get_main_sequence()
    assert [node.get_move() for node in main[1:]] == [("b", (1, 1)), ("w", (0, 0)), ("b", None), ("w", None)]
    assert found.get_player_name("b") == found.get_player_name("w") == "weights 250 to 500"
    comments = [node.get("C") if node.has_property("C") else None for node in main]
    assert comments == [None, None, "value -0.250", "value +0.000", "value +1.000"]


@pytest.mark.parametrize(
    ("winner", "score", "end", "text"),
    [
        (1, 3.5, "passes", "B+3.5"),
        (-1, -12.0, "limit", "W+12"),
        (0, 0.0, "passes", "0"),
        (-1, 5.0, "resign", "W+R"),
    ],
)
def test_result(winner, score, end, text):
    record = games.make_record()
    for name, value in {"winner": winner, "score": score, "end": end}.items():
        object.__setattr__(record, name, value)  # only the text matters here; the game may contradict it
    assert sgf.Sgf_game.from_bytes(sgf_sample.as_sgf(record)).get_root().get("RE") == text
