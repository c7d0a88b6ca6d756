"""Training records worked out by hand, and chunk files, for the tests of chunks."""

import gzip
from pathlib import Path

import numpy as np

from alphazero.data import batch as batches
from alphazero.data import rows as data_rows
from alphazero.datasets import chunk, corruption, positions
from alphazero.go import features

SGF = b"(;SZ[5]KM[0.5]RE[W+R];B[cc];W[bd];B[ee];W[])"
"""5x5: Black C3, White B2, Black E1, White passes and wins. Row 1 of the board is row e of SGF."""

_NONE, _C3, _C3_E1, _B2 = "0000000", "0008000", "0808000", "0200000"
"""Points 0 to 23 in fours, highest bit first, and point 24 alone: C3 is 12, E1 is 4, B2 is 6."""


def _record(own: list[str], other: list[str], side: int, move: int, result: int) -> str:
    """A record whose policy plays `move`. own, other: planes, the newest first; the rest is empty."""
    planes = [*own, *[_NONE] * (8 - len(own)), *other, *[_NONE] * (8 - len(other))]
    policy = ["1" if action == move else "0" for action in range(26)]
    return "\n".join([*planes, str(side), " ".join(policy), str(result), ""])


RECORDS = [
    _record([], [], 0, 12, -1),
    _record([], [_C3], 1, 6, 1),
    _record([_C3, _C3], [_B2], 0, 4, -1),
    _record([_B2, _B2], [_C3_E1, _C3, _C3], 1, 25, 1),
]
"""Each position of `SGF` in Leela Zero's format."""


def read(path: Path, size: int) -> tuple[batches.TrainingBatch, list[corruption.Corruption]]:
    """All positions of a chunk in one batch, and the corruption that was reported."""
    reported: list[corruption.Corruption] = []
    blocks = list(chunk.read(path, size, reported.append))
    assert all(0 < len(block.value) <= chunk.BLOCK for block in blocks)
    num_points = size * size
    nothing = positions.pack_planes(np.zeros((0, features.NUM_PLANES, num_points), np.uint8))
    empty = positions.make_batch(nothing, np.zeros((0, num_points + 1)), np.zeros(0))
    return join([empty, *blocks]), reported


def join(blocks: list[batches.TrainingBatch]) -> batches.TrainingBatch:
    """One batch from several."""
    return data_rows.each(lambda *arrays: np.concatenate(arrays), *blocks)


def write(path: Path, text: str | bytes) -> Path:
    """Writes a chunk, compressed if its name ends in .gz."""
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def random_batch(rng: np.random.Generator, size: int, count: int) -> batches.TrainingBatch:
    """Random positions, unlike those of games, with numbers of all magnitudes in their policies."""
    planes = rng.integers(0, 2, (count, features.NUM_PLANES, size * size)).astype(np.uint8)
    planes[:, features.BLACK_TO_MOVE] = rng.integers(0, 2, (count, 1))
    planes[:, features.WHITE_TO_MOVE] = 1 - planes[:, features.BLACK_TO_MOVE]
    policy = rng.dirichlet(np.full(size * size + 1, 0.05), count)
    policy[policy < 1e-30] = 0
    return positions.make_batch(positions.pack_planes(planes), policy, rng.choice([-1.0, 1.0], count))
