"""An engine with a network of KataGo's family plays on boards of every size, with any komi."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.engine import setup
from alphazero.go import input_families, play, symmetry
from alphazero.net import inference
from tests.engine import sessions
from tests.net.katago import torch_nets

OPTIONS = setup.EngineOptions(num_simulations=4, size=5)


@pytest.fixture(scope="module")
def weights():
    return torch_nets.random_net(torch_nets.make_config(blocks=1)).export()


def test_the_board_changes_its_size(weights):
    engine = setup.make_engine(weights, OPTIONS)
    answers = [
        sessions.ask(engine, line)
        for line in ("boardsize 4", "komi -3.5", "genmove b", "genmove w", "boardsize 20")
    ]
    assert [answer[:1] for answer in answers] == ["=", "=", "=", "=", "?"]


def test_raw_evaluations_see_komi(weights):
    engine = setup.make_search(weights, OPTIONS, 5)
    assert engine.network.startswith("kata-b1c16 on ")
    values = []
    for komi in (-20.5, 20.5):
        game = play.Game(5, komi)
        policy, value, lead, ownership = engine.search.evaluate(game, 3)
        planes, scalars = input_families.encode_game(input_families.KATAGO, game)
        outputs = inference.make_exact(weights, 5).evaluate(evaluators.Inputs(planes, scalars))
        assert outputs.scores is not None and outputs.ownership is not None
        assert value == pytest.approx(float(outputs.values[0]), abs=1e-5)  # the empty board is symmetric
        assert policy.sum() == pytest.approx(1)
        assert lead == pytest.approx(float(outputs.scores[0]), abs=1e-4)
        assert ownership == pytest.approx(symmetry.apply(outputs.ownership[0], 3, 5), abs=1e-5)
        values.append(value)
    assert abs(values[0] - values[1]) > 1e-4
    assert np.isfinite(values).all()
