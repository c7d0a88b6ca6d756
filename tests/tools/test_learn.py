"""The regression guard: runs of a fixed budget, rated by anchors."""

import json

import pytest

from tests.evaluation import shipped_anchors
from tools import learn


@pytest.fixture
def anchors_of_5x5(tmp_path, monkeypatch):
    shipped_anchors.ship(tmp_path / "weights", monkeypatch)
    words = ["conf=smoke", f"game.komi={shipped_anchors.KOMI}", "net.blocks=1", "net.filters=8"]
    monkeypatch.setattr(learn, "RECIPE", (*words, *learn.RECIPE[1:]))


@pytest.mark.slow
def test_runs_are_rated_and_a_floor_is_kept(anchors_of_5x5, tmp_path, capsys):
    folder = tmp_path / "learn"
    words = [str(folder), "--seeds", "3", "4", "--steps", "10", "--games", "16"]
    assert learn.main([*words, "--floor", "-10000", "--set", "training.min_positions=100"]) == 0
    found = json.loads((folder / "learn.json").read_text())
    assert sorted(result["seed"] for result in found["seeds"]) == [3, 4]
    for result in found["seeds"]:
        assert result["steps"] == 10 and result["games"] > 0
        assert result["low"] < result["elo"] < result["high"]
        promoted = folder / f"seed-{result['seed']}" / "weights" / "promoted"
        assert len(list(promoted.glob("*.txt.gz"))) == 1, "only the last network"
    assert found["mean"]["elo"] == pytest.approx(sum(each["elo"] for each in found["seeds"]) / 2, abs=0.1)
    assert "mean of 2" in capsys.readouterr().out
    words = [str(tmp_path / "floor"), "--seeds", "3", "--steps", "1", "--games", "8"]
    assert learn.main([*words, "--floor", "10000", "--set", "training.min_positions=100"]) == 1
    assert "below the floor of +10000 Elo" in capsys.readouterr().err


def test_the_interval_of_a_mean():
    results = [{"elo": 10, "low": -20, "high": 40}, {"elo": 30, "low": -10, "high": 70}]
    assert learn.mean_rating(results) == {"elo": 20, "low": -5, "high": 45}


def test_a_folder_in_use_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        learn.main([str(tmp_path)])
    assert f"{tmp_path}: exists" in capsys.readouterr().err
