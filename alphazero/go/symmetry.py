"""The eight symmetries of the board, numbered as in Leela Zero."""

import functools

import numpy as np

NUM_SYMMETRIES = 8
IDENTITY = 0


@functools.cache
def permutations(size: int) -> np.ndarray:
    """Table [8, A] int32: entry [s, action] is the action to which symmetry s moves `action`.

    A pass stays a pass. Bit 2 of s swaps x and y. Then bit 1 mirrors x (left and right) and bit 0 mirrors y.
    """
    y, x = np.divmod(np.arange(size * size), size)
    table = np.full((NUM_SYMMETRIES, size * size + 1), size * size, np.int32)
    for s in range(NUM_SYMMETRIES):
        new_x, new_y = (y, x) if s & 4 else (x, y)
        new_x = size - 1 - new_x if s & 2 else new_x
        new_y = size - 1 - new_y if s & 1 else new_y
        table[s, :-1] = new_y * size + new_x
    table.flags.writeable = False
    return table


def inverse(s: int) -> int:
    """The symmetry that undoes s."""
    # With a swap, mirroring x before it equals mirroring y after it.
    return {5: 6, 6: 5}.get(s, s)


def apply(values: np.ndarray, s: int, size: int) -> np.ndarray:
    """A copy of the values with the last axis moved by symmetry s.

    values: points [..., P], actions [..., A] or boards [..., P + 1].
    """
    moved = np.empty_like(values)
    moved[..., permutations(size)[s, : values.shape[-1]]] = values
    return moved
