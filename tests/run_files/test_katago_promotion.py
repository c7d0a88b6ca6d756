"""Promoted networks of KataGo's family: their files, certificates, and the ways to find them."""

import json

import numpy as np
import pytest

from alphazero import files
from alphazero.config import game as game_config
from alphazero.config import net as net_config
from alphazero.config import schema
from alphazero.evaluation import agreement, weight_files
from alphazero.net import inference, leela
from alphazero.net import weights as network_weights
from alphazero.net.katago import reader, writer
from alphazero.run_files import promotion, refused
from tests.evaluation import networks
from tests.net.katago import torch_nets

SIZE = 5


def make_weights(seed: int = 1):
    return torch_nets.random_net(torch_nets.make_config(), seed).export()


def test_a_certificate_is_checked_against_an_independent_reading(tmp_path):
    weights = make_weights()
    evaluator = inference.make_evaluator(weights, size=SIZE, device="cpu", backend="torch", precision="fp32")
    config = game_config.GameConfig(size=SIZE, move_limit=60)
    check = agreement.make_check(evaluator, config, np.random.default_rng(0), num_positions=20)
    promoted = promotion.Promotions(tmp_path).promote(weights, {"komi": 7.0}, check)
    digest = files.sha256(promoted.path.read_bytes())
    certificate = json.loads(promoted.certificate_path.read_text())
    assert 0 < certificate.pop("largest_difference") < 1e-4
    assert certificate == {
        "number": 1,
        "file": f"00001-{digest[:8]}.bin.gz",
        "sha256": digest,
        "family": "katago",
        "model_version": 8,
        "blocks": 2,
        "filters": 16,
        "planes_without_weights": [14, 15, 16, 17, 18, 19],
        "globals_without_weights": [],
        "komi": 7.0,
    }
    assert writer.to_bytes(reader.read(promoted.path)) == writer.to_bytes(weights)
    other = inference.make_exact(make_weights(2), SIZE)
    inputs = agreement.random_inputs(config, other.family, 20, np.random.default_rng(0))
    assert agreement.largest_difference(other, promoted.path, inputs) > 0.05


@pytest.mark.parametrize("form", [".", "weights", "weights/promoted"])
def test_both_families_are_found_in_one_folder(tmp_path, form):
    promotions = promotion.Promotions(tmp_path / "weights" / "promoted")
    for weights, suffix in ((networks.make_weights(), ".txt.gz"), (make_weights(), ".bin.gz")):
        promoted = promotions.promote(weights, {})
        assert promoted.path.name.endswith(suffix)
        assert weight_files.find(tmp_path / form) == promoted.path
        found = weight_files.load(tmp_path / form)
        assert network_weights.to_bytes(found) == network_weights.to_bytes(weights)
    assert [one.number for one in promotions.all()] == [1, 2]
    names = [network_weights.name_of(one.load()) for one in promotions.all()]
    assert names == ["b1c2", "kata-b2c16"]
    latest = promotions.latest()
    assert latest is not None and latest.number == 2


def test_a_network_is_recognized_by_its_content(tmp_path):
    network_weights.write(make_weights(), tmp_path / "net.bin.gz")
    (tmp_path / "net").write_bytes((tmp_path / "net.bin.gz").read_bytes())
    weights = weight_files.load(tmp_path / "net")
    assert network_weights.size_of(weights) is None and network_weights.plays(weights, 13)
    leela.write(networks.make_weights(size=SIZE), tmp_path / "net.bin")
    weights = weight_files.load(tmp_path / "net.bin")
    assert network_weights.size_of(weights) == SIZE
    assert network_weights.plays(weights, SIZE) and not network_weights.plays(weights, 13)
    (tmp_path / "text").write_text("neither of them")
    with pytest.raises(ValueError, match=r"^[^\n]*text: line 1: format version 'neither of them', expected"):
        weight_files.load(tmp_path / "text")


def test_refused_networks_of_both_families_share_the_limit(tmp_path):
    for step, weights in ((10, networks.make_weights()), (20, make_weights(1)), (30, make_weights(2))):
        refused.keep(tmp_path, step, weights, {}, newest=2)
    assert sorted(path.name for path in tmp_path.glob("*.gz")) == [
        "step-00000020.bin.gz",
        "step-00000030.bin.gz",
    ]
    assert len(list(tmp_path.glob("*.json"))) == 3


def test_the_sizes_of_the_boards_of_a_run_are_certified():
    config = schema.Config(net=net_config.NetConfig(family=net_config.Family.katago))
    assert promotion.provenance(config)["board_sizes"] == [config.game.size]
    assert "board_sizes" not in promotion.provenance(schema.Config())
