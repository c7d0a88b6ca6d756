"""The plain numpy answers are those of KataGo, here on empty boards."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alphazero.net.katago import numpy_forward, reader

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


def as_printed(answers: numpy_forward.Answers, row: dict[str, Any]) -> dict[str, np.ndarray]:
    """The first position's answers in KataGo's terms: White's, rows from the top."""
    sign, size = (1 if row["to_move"] == "w" else -1), row["size"]
    outcome = answers.outcome[0].copy()
    if row["rules"]["ko"] != "SIMPLE":
        outcome[2] = -np.inf
    outcome, policy = softmax(outcome), softmax(answers.logits[0])
    has_result = 1 - outcome[2]
    mean, deviation = answers.score_mean[0], answers.score_deviation[0]
    return {
        "whiteWin": outcome[0 if sign == 1 else 1],
        "whiteLoss": outcome[1 if sign == 1 else 0],
        "whiteLead": sign * answers.lead[0] * has_result,
        "whiteScoreSelfplay": sign * mean * has_result,
        "whiteScoreSelfplaySq": (mean**2 + deviation**2) * has_result,
        "policy": policy[:-1].reshape(size, size),
        "policyPass": policy[-1],
        "ownership": sign * answers.ownership[0].reshape(size, size),
    }


def softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max())
    return exponentials / exponentials.sum()


@pytest.mark.parametrize("name", NETWORKS)
def test_answers_on_empty_boards_are_those_of_katago(name: str, shared_data: Path):
    lines = (shared_data / "katago" / f"{name}.jsonl").read_text().splitlines()
    rows = [row for row in map(json.loads, lines) if not row["moves"] and row["symmetry"] == 0]
    network = reader.read(shared_data / "katago" / f"{name}.bin.gz")
    assert {row["size"] for row in rows} >= {7, 9}
    for row in rows:
        answers = numpy_forward.forward(network, *inputs_of_empty_board(row), RAW_OPTIMISM)
        for what, ours in as_printed(answers, row).items():
            # Half a unit of the last printed digit, of which there are six, three for scores.
            allowed = 6e-4 if "Score" in what or "Lead" in what else 2e-6
            assert np.abs(ours - np.array(row[what])).max() < allowed, (what, row["size"], row["komi"])
