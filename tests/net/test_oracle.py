"""Comparison with Leela Zero's recorded answers to positions of real games, for every reader of its files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from alphazero import evaluator as evaluators
from alphazero.config import net as net_config
from alphazero.go import features, geometry, play, rules
from alphazero.net import inference, leela, numpy_forward, resnet

TOLERANCE = 1e-5


def read_cases(path: Path) -> list[dict]:
    """Returns Leela Zero's answers without symmetries."""
    cases = [json.loads(line) for line in path.read_text().splitlines()]
    return [case for case in cases if case["symmetry"] == 0]


def position(case: dict) -> tuple[np.ndarray, np.ndarray]:
    """Planes [18, N, N] and empty points [P] bool after the moves of a case."""
    size = case["size"]
    game = play.Game(size, case["komi"])
    for color, move in case["moves"]:
        game.resume()
        game.play(rules.parse_move(move, size), {"b": rules.BLACK, "w": rules.WHITE}[color])
    game.to_play = {"b": rules.BLACK, "w": rules.WHITE}[case["to_move"]]
    planes = np.empty((1, features.NUM_PLANES, size * size), np.uint8)
    features.planes(geometry.make(size), game.record, np.zeros(1, np.int64), planes)
    return planes.reshape(-1, size, size), game.stones == rules.EMPTY


def answer_by_resnet(path: Path, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weights = leela.read(path)
    config = net_config.NetConfig(blocks=weights.blocks, filters=weights.filters)
    module = resnet.ResNet(weights.size, config)
    module.load_weights(weights)
    with torch.inference_mode():
        outputs = module.eval()(torch.from_numpy(planes).float())
    return outputs.policy_logits.numpy(), np.tanh(outputs.value_logit.numpy())


def answer_by_backend(name: str, path: Path, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if name == "openvino":
        pytest.importorskip("openvino")
    weights = leela.read(path)
    evaluator = inference.make_evaluator(weights, device="cpu", precision="fp32", backend=name)
    return evaluator.evaluate(evaluators.Inputs(planes))[:2]


def answer_exactly(path: Path, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return inference.make_exact(leela.read(path)).evaluate(evaluators.Inputs(planes))[:2]


READERS = {
    "numpy": numpy_forward.forward,
    "resnet": answer_by_resnet,
    "torch": lambda path, planes: answer_by_backend("torch", path, planes),
    "exact": answer_exactly,
    "openvino": lambda path, planes: answer_by_backend("openvino", path, planes),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("oracle", ["lz9_oracle.jsonl", "lz19_oracle.jsonl"])
def test_answers_are_those_of_leela_zero(oracle: str, reader: str, shared_data: Path):
    cases = read_cases(shared_data / "nn_oracle" / oracle)
    assert {case["to_move"] for case in cases} == {"b", "w"}
    planes, is_empty = zip(*(position(case) for case in cases), strict=True)
    logits, values = READERS[reader](shared_data / "lz_weights" / cases[0]["weights"], np.stack(planes))
    policies = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for row, case in enumerate(cases):
        is_printed = np.append(is_empty[row], True)  # Leela Zero prints 0 for occupied points
        theirs = np.array(case["policy_A1_rowmajor_then_pass"])[is_printed]
        assert np.abs(policies[row][is_printed] - theirs).max() <= TOLERANCE
        assert abs((1 + values[row]) / 2 - case["winrate_to_move"]) <= TOLERANCE
