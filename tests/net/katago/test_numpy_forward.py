"""The plain numpy answers are those of KataGo, here on empty boards."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alphazero.net.katago import numpy_forward, reader
from tests.net.katago import stock

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
        expected = stock.expected(answers, legal, is_white=is_white, ko=row["rules"]["ko"])
        row["whiteOwnership"] = row["ownership"]
        for what, ours in expected.items():
            # Half a unit of the last printed digit, of which there are six, three for scores.
            allowed = 6e-4 if "Score" in what or "Lead" in what else 2e-6
            assert np.abs(ours - np.array(row[what])).max() < allowed, (what, row["size"], row["komi"])
