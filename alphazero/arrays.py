"""Array operations for kernels, written as loops. Numba's own versions make temporary arrays."""

from alphazero.jit import jit


@jit
def copy(target, source):
    """Copies source [K] into target [K]. The arrays have any one type and share no memory."""
    for index in range(len(target)):
        target[index] = source[index]


@jit
def divide(values, divisor):
    """Divides values [K], floats, by a scalar in place."""
    for index in range(len(values)):
        values[index] /= divisor


@jit
def largest(values):
    """The largest of values [K]; K is at least 1."""
    found = values[0]
    for value in values:
        found = max(found, value)
    return found
