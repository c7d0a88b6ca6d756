"""Test of a slow disk: the replay buffer logs its begin and end once and keeps every game."""

import pytest

from actors import replay_buffer
from alphazero.config import compose
from alphazero.data import gamelog
from tests.datasets import corpus

SLOW, FAST = "the disk is slow: writing games took 7 s", "the disk is fast enough again"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        ([0.01, 4.9], []),
        ([0.01, 7.0], [SLOW]),
        ([7.0, 9.0, 2.0], [SLOW]),
        ([7.0, 2.0, 0.5], [SLOW, FAST]),
        ([7.0, 0.5, 7.0], [SLOW, FAST, SLOW]),
    ],
)
def test_warnings(seconds, told, tmp_path, caplog):
    times = [
        moment for number, taken in enumerate(seconds) for moment in (100 * number, 100 * number + taken)
    ]
    config = compose.compose(["conf=smoke", f"run.dir={tmp_path}"])
    buffer = replay_buffer.ReplayBuffer(config, iter(times).__next__)
    played = [corpus.game_of(number) for number in range(len(seconds))]
    for game in played:
        assert buffer.add_games([game], "self-play-0").trouble == ""
    said = [record.message for record in caplog.records if "disk" in record.message]
    assert [line.partition(";")[0] for line in said] == told
    logged = gamelog.GameLog(tmp_path / "games").read_all()
    assert [game.game_id for game in logged] == [game.game_id for game in played]
