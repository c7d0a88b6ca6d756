"""Anchors: their calibration, and ladders tied to them."""

import json

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import compose
from alphazero.config import game as game_config
from alphazero.evaluation import anchors, bradley_terry, ladder
from alphazero.net import weights as network_weights
from alphazero.run_files import promotion
from tests.evaluation import networks, shipped_anchors

SIZE = shipped_anchors.SIZE


@pytest.fixture
def folder(tmp_path, monkeypatch):
    return shipped_anchors.ship(tmp_path / "weights", monkeypatch)


def content(seed):
    """The file of a random network."""
    return network_weights.to_bytes(networks.make_weights(seed=seed, size=SIZE))


def game(**changes):
    return game_config.GameConfig(**{"size": SIZE, "komi": 2.5, **changes})


def test_the_points_of_the_calibration(folder):
    known = anchors.of_game(game())
    assert known.names == ["anchor-1", "anchor-2"] and known.others == ["gnugo-10", "g170"]
    assert known.simulations == {"anchor-1": 4, "anchor-2": 4}
    points = known.matrix(["gnugo-10", "00001", "anchor-2", "anchor-1"]).toarray()
    np.testing.assert_array_equal(points, [[0, 0, 24, 0], [0, 0, 0, 0], [16, 0, 0, 32], [0, 0, 8, 0]])
    assert network_weights.to_bytes(known.weights("anchor-1")) == content(1)


@pytest.mark.parametrize(
    "changes",
    [{"size": 7, "komi": 9}, {"komi": 3.0}, {"suicide": True}, {"ko": game_config.Ko.simple}],
    ids=["size", "komi", "suicide", "ko"],
)
def test_other_games_have_no_anchors(folder, changes):
    known = anchors.of_game(game(**changes))
    assert (known.names, known.others, known.opponents()) == ([], [], {})
    assert known.matrix(["uniform", "00001"]).sum() == 0


def make_ladder(folder, *words):
    config = compose.compose(
        ["conf=smoke", "game.komi=2.5", "ladder.gnugo=/nowhere/gnugo", "ladder.num_simulations=8", *words]
    )
    made = ladder.Ladder(config, folder)
    made.add_promoted()
    return made


def promote(folder, number):
    promotions = promotion.Promotions(folder / "weights" / "promoted")
    weights = networks.make_weights(seed=number, size=SIZE)
    promotions.promote(weights, {"steps": 100 * number, "games": 0, "positions": 0})


def test_a_ladder_is_tied_to_the_anchors(folder, tmp_path, monkeypatch):
    made = []

    def make(weights, **_):
        made.append(network_weights.to_bytes(weights))
        return evaluators.HashedEvaluator(SIZE, len(made))

    monkeypatch.setattr(ladder.inference, "make_evaluator", make)
    run = tmp_path / "run"
    promote(run, 7)
    played = make_ladder(run)
    assert played.reference == "gnugo-10"
    assert played.names == ["gnugo-10", "g170", "anchor-1", "anchor-2", "00001"]
    assert played._next_pair() == ("00001", "anchor-1"), "the first network meets the weakest anchor"
    assert played.play()
    assert {content(1), content(7)} == set(made)
    promote(run, 8)
    played.add_promoted()
    assert played._next_pair() == ("00002", "00001")
    assert played.play()
    rungs = {rung.name: rung for rung in played.write_ratings()}
    assert rungs["gnugo-10"].elo.elo == 0 and rungs["g170"].elo.elo > 200
    assert rungs["anchor-1"].elo.elo < rungs["anchor-2"].elo.elo < 0
    assert json.loads((run / "ladder" / "ratings.json").read_text())["reference"] == "gnugo-10"
    assert "gnugo-10" in played.report() and "fixed" in played.report()


def test_programs_that_are_not_installed_play_no_games(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(
        ladder.inference, "make_evaluator", lambda weights, **_: evaluators.HashedEvaluator(SIZE, 1)
    )
    promote(tmp_path / "run", 7)
    played = make_ladder(tmp_path / "run")
    for _ in range(4):
        a, b = played._next_pair()
        assert not {a, b} & {"gnugo-10", "g170"}
        assert played.play()


@pytest.mark.skipif(not anchors.of_game(game_config.GameConfig()).names, reason="no anchors are shipped")
def test_the_shipped_anchors_are_known_to_60_elo():
    known = anchors.of_game(game_config.GameConfig())
    names = [*known.others, *known.names]
    for name, estimate in zip(names, bradley_terry.fit(known.matrix(names)).estimates(), strict=True):
        assert estimate.high - estimate.low < 60 or name not in known.names, name
    for name in known.names:
        assert network_weights.plays(known.weights(name), 9)
