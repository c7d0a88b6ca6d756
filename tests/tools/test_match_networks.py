"""Tests of matches between networks that are named on the command line."""

import json

import pytest

from alphazero.config import net as net_config
from alphazero.net import leela, resnet
from alphazero.net import weights as network_weights
from alphazero.training import trainable
from tools import match_networks


def _leela_file(folder, size: int):
    weights = resnet.ResNet(size, net_config.NetConfig(blocks=1, filters=8)).eval().export()
    leela.write(weights, folder / f"leela{size}.txt")
    return folder / f"leela{size}.txt"


def _katago_file(folder):
    net = net_config.NetConfig(family=net_config.Family.katago, blocks=2, filters=16)
    path = folder / "kata.bin.gz"
    network_weights.write(trainable.make_network(5, net).eval().export(), path)
    return path


def test_a_match_needs_two_networks(tmp_path, capsys):
    path = str(_leela_file(tmp_path, 5))
    with pytest.raises(SystemExit) as stopped:
        match_networks.main([path, "--size", "5"])
    assert stopped.value.code == 2
    assert f"{path}: the only network" in capsys.readouterr().err


def test_a_network_of_another_board_is_refused(tmp_path, capsys):
    path = str(_leela_file(tmp_path, 5))
    with pytest.raises(SystemExit):
        match_networks.main([path, path])
    assert f"{path}: plays on 5x5 only, the match is on 9x9" in capsys.readouterr().err


@pytest.mark.slow
def test_the_faster_network_has_more_simulations(tmp_path, monkeypatch):
    monkeypatch.setattr(match_networks, "_rates", lambda evaluators, options: [300.0, 100.0])
    files = [str(_leela_file(tmp_path, 5)), str(_katago_file(tmp_path))]
    output = tmp_path / "matches.jsonl"
    words = ["--simulations", "4", "--equal-time", "--pairs", "3", "--size", "5", "--opening-plies", "2"]
    assert match_networks.main([*files, *words, "--output", str(output)]) == 0
    (played,) = [json.loads(line) for line in output.read_text().splitlines()]
    assert played["simulations"] == [12, 4]
    assert played["a"].endswith("leela5.txt at 12") and played["b"].endswith("kata.bin.gz at 4")
    assert len(played["results"]) == 6
