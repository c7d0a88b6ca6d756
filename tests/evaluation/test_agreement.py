"""The certificate's check: small differences for the same network, large ones for another."""

from pathlib import Path

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.evaluation import agreement
from alphazero.go import input_families
from alphazero.net import inference
from alphazero.run_files import promotion
from tests.evaluation import networks

SIZE = 5
RULES = game_config.GameConfig(size=SIZE, move_limit=60)


@pytest.mark.parametrize("other", [False, True])
def test_the_check_compares_with_the_file(tmp_path: Path, other: bool):
    weights = networks.make_weights(0, SIZE)
    evaluator = inference.make_evaluator(
        networks.make_weights(1, SIZE) if other else weights, backend="torch", device="cpu", precision="fp32"
    )
    check = agreement.make_check(evaluator, RULES, np.random.default_rng(0), num_positions=40)
    promoted = promotion.Promotions(tmp_path).promote(weights, {}, check)
    difference = promoted.certificate["largest_difference"]
    assert difference > 0.05 if other else 0 < difference < 1e-4


def test_one_wrong_number_in_the_last_chunk_is_found(tmp_path: Path):
    """40 positions are three chunks; the evaluator errs by 0.5 in the value of the last."""
    weights = networks.make_weights(0, SIZE)
    exact = inference.make_evaluator(weights, backend="torch", device="cpu", precision="fp32")

    class Wrong:
        def evaluate(self, inputs: evaluators.Inputs) -> evaluators.Outputs:
            logits, values, *_ = exact.evaluate(inputs)
            values[-1] += 0.5
            return evaluators.Outputs(logits, values)

    promoted = promotion.Promotions(tmp_path).promote(weights, {})
    inputs = agreement.random_inputs(RULES, input_families.LEELA, 40, np.random.default_rng(0))
    assert agreement.largest_difference(Wrong(), promoted.path, inputs) == pytest.approx(0.5, abs=1e-4)


def test_positions_are_varied():
    planes = agreement.random_inputs(RULES, input_families.LEELA, 50, np.random.default_rng(0)).planes
    assert planes.shape == (50, 18, SIZE, SIZE)
    assert len({position.tobytes() for position in planes}) == 49  # two are the empty board
    stones = planes[:, [0, 8]].sum(axis=(1, 2, 3))
    assert stones[0] == 0
    assert stones.max() > 12
    assert 15 < planes[:, 16, 0, 0].sum() < 35  # Black to move in about half
