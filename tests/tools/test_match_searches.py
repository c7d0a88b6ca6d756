"""Tests of matches between searches that are named on the command line."""

import argparse
import json

import pytest

from alphazero.config import net as net_config
from alphazero.config import search as search_config
from alphazero.net import leela, resnet
from tools import match_searches


def test_a_search_is_an_algorithm_its_simulations_and_settings():
    name, config = match_searches.parse_search("puct:64:leaf_batch=4:c_init=1.5")
    assert name == "puct:64:leaf_batch=4:c_init=1.5"
    assert config == search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct, num_simulations=64, leaf_batch=4, c_init=1.5
    )


@pytest.mark.parametrize(
    "text",
    ["puct", "minimax:8", "gumbel:many", "gumbel:8:c_scale", "gumbel:8:depth=3", "gumbel:8:algorithm=puct"],
)
def test_other_names_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        match_searches.parse_search(text)


@pytest.mark.slow
def test_neighbors_play_each_other(tmp_path, capsys):
    weights = resnet.ResNet(5, net_config.NetConfig(blocks=1, filters=8)).eval().export()
    leela.write(weights, tmp_path / "net.txt")
    output = tmp_path / "matches.jsonl"
    searches = ["puct:2", "puct:8", "gumbel:8"]
    arguments = [str(tmp_path / "net.txt"), *searches, "--pairs", "2", "--output", str(output)]
    assert match_searches.main(arguments) == 0
    played = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(match["a"], match["b"]) for match in played] == [("puct:8", "puct:2"), ("gumbel:8", "puct:8")]
    assert all(len(match["results"]) == 4 for match in played)
    assert "puct:8 against puct:2" in capsys.readouterr().out
