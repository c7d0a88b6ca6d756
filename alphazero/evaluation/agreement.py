"""Check of an evaluator against its weight file, for `largest_difference` in the certificate."""

from pathlib import Path

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.go import board, features, game_kernels, geometry
from alphazero.net import numpy_forward
from alphazero.run_files import promotion

_CHUNK = 16  # the numpy implementation unfolds 3x3 windows: 9 times the memory of the widest layer


def make_check(
    evaluator: evaluators.Evaluator,
    config: game_config.GameConfig,
    rng: np.random.Generator,
    num_positions: int = 256,
) -> promotion.Check:
    """Makes a check for `Promotions.promote` that compares `evaluator` with the file on random positions."""

    def check(path: Path) -> float:
        return largest_difference(evaluator, path, random_planes(config, num_positions, rng))

    return check


def largest_difference(evaluator: evaluators.Evaluator, path: Path, planes: np.ndarray) -> float:
    """Returns the largest difference of a move's probability (softmax over all moves) or of a value.

    planes: [B, 18, N, N] uint8. The reference is an independent implementation in float64.
    """
    outputs = evaluator.evaluate(evaluators.Inputs(planes))
    largest = 0.0
    for start in range(0, len(planes), _CHUNK):
        rows = slice(start, start + _CHUNK)
        exact_logits, exact_values = numpy_forward.forward(path, planes[rows])
        policy_error = np.abs(_softmax(outputs.logits[rows]) - _softmax(exact_logits)).max()
        value_error = np.abs(outputs.values[rows] - exact_values).max()
        largest = max(largest, float(policy_error), float(value_error))
    return largest


def random_planes(config: game_config.GameConfig, count: int, rng: np.random.Generator) -> np.ndarray:
    """[count, 18, N, N] uint8 positions from games of random legal moves, at evenly spread plies."""
    size, num_points = config.size, config.size**2
    tables, scratch = geometry.make(size), board.make_scratch(num_points)
    games, legal = game_kernels.new_games(count, config), np.zeros(num_points + 1, np.bool_)
    for index in range(count):
        for _ in range(index * num_points // count):
            game_kernels.legal_actions(tables, games, index, legal)
            choices = np.flatnonzero(legal)
            if len(choices):
                game_kernels.play(tables, games, scratch, index, int(rng.choice(choices)))
    planes = np.zeros((count, features.NUM_PLANES, num_points), np.uint8)
    features.planes(tables, games, np.arange(count), planes)
    return planes.reshape(count, features.NUM_PLANES, size, size)


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)
