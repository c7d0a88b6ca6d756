"""Constant tables of a board size for kernels."""

import functools
from typing import NamedTuple

import numpy as np


class Geometry(NamedTuple):
    """Tables of a board of P = size * size points; read-only."""

    size: int
    num_points: int  # P; as a point, everything off the board
    neighbors: np.ndarray  # [P, 4] int16 points to the right, left, up and down; P if off the board
    zobrist: np.ndarray  # [3, P] uint64 random number of each colour and point; row EMPTY is zero


@functools.cache
def make(size: int) -> Geometry:
    """Tables of one board size, identical on every machine. size: 1 to 19."""
    assert 1 <= size <= 19
    num_points = size * size
    # Hashes must agree on all machines, so the seed is part of the format.
    zobrist = np.random.default_rng(2024).integers(0, 2**64, (3, 19 * 19), np.uint64)[:, :num_points].copy()
    zobrist[0] = 0
    geometry = Geometry(size, num_points, _neighbors(size), zobrist)
    geometry.neighbors.flags.writeable = False
    zobrist.flags.writeable = False
    return geometry


def _neighbors(size: int) -> np.ndarray:
    padded = np.full((size + 2, size + 2), size * size, np.int16)
    padded[1:-1, 1:-1] = np.arange(size * size).reshape(size, size)
    around = [padded[1:-1, 2:], padded[1:-1, :-2], padded[2:, 1:-1], padded[:-2, 1:-1]]
    return np.ascontiguousarray(np.stack([side.ravel() for side in around], axis=1))
