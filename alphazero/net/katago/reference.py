"""Policy and value of a KataGo file by the plain numpy implementation, for certificates."""

from pathlib import Path

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.net.katago import numpy_forward, reader


def forward(path: Path, inputs: evaluators.Inputs) -> tuple[np.ndarray, np.ndarray]:
    """Returns logits [B, A] and values [B] in [-1, 1] for the player to move, float64."""
    assert inputs.globals is not None, "inputs of KataGo's family"
    answers = numpy_forward.forward(reader.read(path), inputs.planes, inputs.globals)
    odds = np.exp(answers.outcome - answers.outcome.max(axis=1, keepdims=True))
    return answers.logits, (odds[:, 0] - odds[:, 1]) / odds.sum(axis=1)
