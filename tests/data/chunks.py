"""Training records worked out by hand, and files of records, for the tests of chunks."""

import gzip
from pathlib import Path

import numpy as np

from alphazero.data import batch as batches
from alphazero.data import chunk, damage, positions
from alphazero.go import features

SGF = b"(;SZ[5]KM[0.5]RE[W+R];B[cc];W[bd];B[ee];W[])"
"""5x5: Black C3, White B2, Black E1, White passes and wins. Row 1 of the board is row e of SGF."""

_NONE, _C3, _C3_E1, _B2 = "0000000", "0008000", "0808000", "0200000"
"""Points 0 to 23 in fours, highest bit first, and point 24 alone: C3 is 12, E1 is 4, B2 is 6."""


def _record(own: list[str], other: list[str], side: int, move: int, result: int) -> str:
    """A record with a policy that plays `move`; own, other: planes from the newest back, then empty ones."""
    planes = [*own, *[_NONE] * (8 - len(own)), *other, *[_NONE] * (8 - len(other))]
    policy = ["1" if action == move else "0" for action in range(26)]
    return "\n".join([*planes, str(side), " ".join(policy), str(result), ""])


RECORDS = [
    _record([], [], 0, 12, -1),
    _record([], [_C3], 1, 6, 1),
    _record([_C3, _C3], [_B2], 0, 4, -1),
    _record([_B2, _B2], [_C3_E1, _C3, _C3], 1, 25, 1),
]
"""What Leela Zero's format makes of each position of `SGF`."""


def read(path: Path, size: int) -> tuple[batches.Batch, list[damage.Damage]]:
    """All positions of a chunk in one batch, and what was said of the file."""
    said: list[damage.Damage] = []
    blocks = list(chunk.read(path, size, said.append))
    assert all(0 < len(block.value) <= chunk.BLOCK for block in blocks)
    num_points = size * size
    nothing = np.zeros((0, features.NUM_PLANES, num_points), np.uint8), np.zeros((0, num_points + 1))
    return join([positions.make_batch(*nothing, np.zeros(0)), *blocks]), said


def join(blocks: list[batches.Batch]) -> batches.Batch:
    """One batch of several."""
    joined = [None if parts[0] is None else np.concatenate(parts) for parts in zip(*blocks, strict=True)]
    return batches.Batch(*joined)  # type: ignore[arg-type]


def write(path: Path, text: str | bytes) -> Path:
    """A chunk, compressed if it is named so."""
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def random_batch(rng: np.random.Generator, size: int, count: int) -> batches.Batch:
    """Positions that no game has, with every kind of number in their policies."""
    planes = rng.integers(0, 2, (count, features.NUM_PLANES, size * size)).astype(np.uint8)
    planes[:, features.BLACK_TO_MOVE] = rng.integers(0, 2, (count, 1))
    planes[:, features.WHITE_TO_MOVE] = 1 - planes[:, features.BLACK_TO_MOVE]
    policy = rng.dirichlet(np.full(size * size + 1, 0.05), count)
    policy[policy < 1e-30] = 0
    return positions.make_batch(planes, policy, rng.choice([-1.0, 1.0], count))
