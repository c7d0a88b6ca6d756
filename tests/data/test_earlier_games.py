"""Totals of games without a log: they are kept, and a corrupt file is named."""

import json
from pathlib import Path

import pytest

from alphazero import run_paths
from alphazero.data import earlier_games
from tests.data import test_store

ENDS = {"passes": 6, "resign": 3, "settled": 1, "limit": 0}


def write(folder: Path, content: object) -> None:
    status = folder / "status.json"
    status.write_text(json.dumps(content))
    earlier_games.write(folder / "games", status)


def test_totals_are_kept(tmp_path: Path):
    write(tmp_path, {"games": 10, "positions": 50, "ends": ENDS, "minutes": 3})
    assert earlier_games.read(tmp_path / "games") == (10, 50, ENDS)
    assert earlier_games.read(tmp_path / "elsewhere") == (0, 0, {})


@pytest.mark.parametrize("content", [{}, [], {"games": 1, "positions": 2, "ends": {}}, {"games": "many"}])
def test_a_status_without_totals_gives_none(tmp_path: Path, content: object):
    write(tmp_path, content)
    assert earlier_games.read(tmp_path / "games") == (0, 0, {})


def test_a_corrupt_file_is_named(tmp_path: Path):
    (tmp_path / run_paths.EARLIER_GAMES).write_text("{")
    with pytest.raises(ValueError, match=r"earlier\.json: is corrupt; remove it to continue without"):
        earlier_games.read(tmp_path)


def test_a_store_continues_from_these_totals(tmp_path: Path):
    """A ratio of 2 allows 100 samples for 50 positions; each game of 4 positions allows 8 more."""
    write(tmp_path, {"games": 10, "positions": 50, "ends": ENDS})
    replay = test_store.make_store(tmp_path / "games", max_window=8)
    replay.restore(samples=100)
    assert test_store.totals(replay) == (10, 50, 100)
    assert replay.counters.passes_games == 6
    assert replay.metrics()["window"] == 0
    assert replay.request_batches(1, 4) is None, "there is nothing to draw from"
    test_store.add(replay, [1])
    assert replay.request_batches(1, 8) is None, "a window of one game would be learned by heart"
    test_store.add(replay, [2])
    assert replay.request_batches(2, 8) is not None
    assert replay.request_batches(1, 1) is None
    again = test_store.make_store(tmp_path / "games", max_window=8)
    again.restore(samples=116)
    assert test_store.totals(again) == (12, 58, 116)
