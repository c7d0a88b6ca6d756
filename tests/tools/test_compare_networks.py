"""Tests of the comparison of networks: a tiny real one, its table, and mistakes."""

import json
from pathlib import Path

import pytest

from alphazero.data import gamelog
from tests.training import positions
from tools import compare_networks

TINY = ["--seconds", "0.2", "--held-out", "0.2", "--set", "net.blocks=1", "net.filters=8"]


def write_games(folder: Path) -> Path:
    log = gamelog.GameLog(folder / "games")
    log.append_many([positions.random_record(seed, 5) for seed in range(10)], "actor")
    return folder


def test_networks_of_both_families_train_on_the_same_games(tmp_path: Path, capsys: pytest.CaptureFixture):
    output = tmp_path / "out.jsonl"
    nets = ["b2c16", "kata-b4c32"]
    words = [str(write_games(tmp_path)), *nets, "--output", str(output), "--seeds", "2", *TINY]
    assert compare_networks.main(words) == 0
    results = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(result["net"], result["seed"]) for result in results] == [
        (name, seed) for seed in (1, 2) for name in nets
    ]
    assert all(result["steps"] > 0 and result["policy_kl"] > 0 for result in results)
    table = capsys.readouterr().out.splitlines()[-len(nets) :]
    assert [line.split(" | ")[0] for line in table] == [f"| {name}" for name in nets]


def test_the_table_has_means_over_seeds():
    common = {"policy_top1": 0.5, "value_mse": 0.25, "value_accuracy": 0.75}
    results = [
        {"net": "b2c16", "samples_per_s": 1000, "policy_kl": 1.0, **common},
        {"net": "b2c16", "samples_per_s": 3000, "policy_kl": 1.2, **common},
    ]
    assert compare_networks.table(results)[-1] == (
        "| b2c16 | 2,000 | 1.100 ± 0.100 | 0.500 ± 0.000 | 0.250 ± 0.000 | 0.750 ± 0.000 |"
    )


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture):
    for words, mistake in (
        ([str(tmp_path), "b2c16"], "too few"),
        ([str(write_games(tmp_path / "run")), "b99"], "b99"),
    ):
        with pytest.raises(SystemExit) as left:
            compare_networks.main([*words, "--output", str(tmp_path / "out")])
        assert left.value.code == 2
        assert mistake in capsys.readouterr().err
        assert not (tmp_path / "out").exists()
