"""The plain numpy answers are those of KataGo, here on empty boards."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alphazero.net.katago import model, numpy_forward, reader
from tests.net.katago import models, raw_answers

NETWORKS = ("b2c16-v11", "b4c32-v14", "g170-b6c96", "nbt-v15")
RAW_OPTIMISM = 0.2
"""Share of the optimistic policy in what KataGo printed."""


def inputs_of_empty_board(row: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Planes [1, 22, N, N] and global inputs [1, 19] before the first move."""
    size = row["size"]
    komi = -row["komi"] if row["to_move"] == "b" else row["komi"]
    planes, global_inputs = np.zeros((1, 22, size, size)), np.zeros((1, 19))
    planes[0, 0] = 1
    global_inputs[0, 5] = komi / 20
    ko_inputs = {"SIMPLE": (0, 0), "POSITIONAL": (1, 0.5), "SITUATIONAL": (1, -0.5)}
    global_inputs[0, 6:8] = ko_inputs[row["rules"]["ko"]]
    global_inputs[0, 8] = row["rules"]["suicide"]
    beyond = (komi - size * size) % 2  # beyond a komi that can give a drawn game
    global_inputs[0, 18] = beyond if beyond < 0.5 else 1 - beyond if beyond < 1.5 else beyond - 2
    return planes, global_inputs


@pytest.mark.parametrize("name", NETWORKS)
def test_answers_on_empty_boards_are_those_of_katago(name: str, shared_data: Path):
    lines = (shared_data / "katago" / f"{name}.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if not row["moves"] and row["symmetry"] == 0]
    network = reader.read(shared_data / "katago" / f"{name}.bin.gz")
    assert {row["size"] for row in rows} >= {7, 9}
    for row in rows:
        answers = numpy_forward.forward(network, *inputs_of_empty_board(row), RAW_OPTIMISM)
        legal, is_white = np.ones(row["size"] ** 2 + 1, bool), row["to_move"] == "w"
        expected = raw_answers.expected(answers, legal, is_white=is_white, ko=row["rules"]["ko"])
        row["whiteOwnership"] = row["ownership"]
        for what, ours in expected.items():
            # Half a unit of the last printed digit, of which there are six, three for scores.
            allowed = 6e-4 if "Score" in what or "Lead" in what else 2e-6
            theirs = np.array(row[what])[::-1] if np.ndim(row[what]) else row[what]  # rows from the bottom
            assert np.abs(ours - theirs).max() < allowed, (what, row["size"], row["komi"])


def test_pooling_and_scores_by_hand():
    """All features are 2 on 9x9, whose side is 5 less than 14: means 2, 2 * -5 / 10 and 2 * (0.25 - 0.1)."""
    network = models.random_model(13, ["ordinary"], 1)
    tip = model.Norm(np.zeros(1, np.float32), np.full(1, 2, np.float32), model.Activation.relu)
    one = np.ones((1, 1, 1, 1), np.float32)
    identity = tip._replace(scale=np.ones(1, np.float32), bias=np.zeros(1, np.float32))
    hidden = model.Dense(np.array([[1, 0, 0], [0, -1, 0], [0, 0, 1]], np.float32), np.zeros(3, np.float32))
    scores = model.Dense(np.zeros((6, 3), np.float32), np.zeros(6, np.float32))
    scores.weight[:3] = np.eye(3)
    pooled_sum = model.Dense(np.array([[1, 10, 100], [0, 0, 0]], np.float32), np.zeros(2, np.float32))
    network = dataclasses.replace(
        network,
        tip=tip,
        multipliers=model.Multipliers(score_mean=10, score_deviation=3, lead=100),
        policy=network.policy._replace(
            pooled=model.Convolution(one), pooled_norm=identity, to_pass=pooled_sum
        )._replace(to_bias=model.Dense(np.zeros((5, 3), np.float32), np.zeros(5, np.float32))),
        value=network.value._replace(
            features=model.Convolution(one),
            norm=identity,
            hidden=hidden,
            scores=scores,
            outcome=model.Dense(np.zeros((3, 3), np.float32), np.zeros(3, np.float32)),
            ownership=model.Convolution(one / 4),
        ),
    )
    answers = numpy_forward.forward(network, *models.random_inputs(1, size=9))
    assert answers.score_mean == pytest.approx(10 * 2)
    assert answers.score_deviation == pytest.approx(3 * np.log1p(np.exp(1)))
    assert answers.lead == pytest.approx(100 * 0.3)
    assert answers.ownership == pytest.approx(np.full((1, 81), np.tanh(0.5)))
    assert answers.logits[0, -1] == pytest.approx(2 - 10 + 200), "means, scaled means and maxima"
