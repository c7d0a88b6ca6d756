"""Tests of matches between two networks and the uniform one, by their policies and with a search."""

import json

import pytest

from alphazero.config import net as net_config
from alphazero.net import leela, resnet
from tools import compare_policy_gradient


def write_net(path, size):
    weights = resnet.ResNet(size, net_config.NetConfig(blocks=1, filters=8)).eval().export()
    leela.write(weights, path)
    return str(path)


@pytest.mark.slow
def test_all_matches_are_played(tmp_path, capsys):
    nets = [write_net(tmp_path / name, 5) for name in ("a.txt", "b.txt")]
    output = tmp_path / "matches.jsonl"
    arguments = [*nets, "--pairs", "3", "--simulations", "2", "--output", str(output)]
    assert compare_policy_gradient.main(arguments) == 0
    played = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(match["a"], match["b"]) for match in played] == [
        ("searched by policy", "reinforced by policy"),
        ("searched by policy", "uniform with a search"),
        ("reinforced by policy", "uniform with a search"),
        ("searched with a search", "reinforced with a search"),
        ("searched with a search", "uniform with a search"),
        ("reinforced with a search", "uniform with a search"),
    ]
    assert all(len(match["results"]) == 6 for match in played)
    assert "searched by policy against reinforced by policy" in capsys.readouterr().out


def test_networks_of_different_boards_are_refused(tmp_path, capsys):
    nets = [write_net(tmp_path / "a.txt", 5), write_net(tmp_path / "b.txt", 7)]
    with pytest.raises(SystemExit) as left:
        compare_policy_gradient.main(nets)
    assert left.value.code == 2
    assert "boards of different sizes" in capsys.readouterr().err
