"""What kernels do to whole arrays, as loops: numba's own way would make temporary arrays first."""

from alphazero.jit import jit


@jit
def copy(target, source):
    """target[i] = source[i] for arrays of one axis and equal length that share no memory."""
    for index in range(len(target)):
        target[index] = source[index]


@jit
def divide(values, divisor):
    """values[i] /= divisor."""
    for index in range(len(values)):
        values[index] /= divisor


@jit
def largest(values):
    """The largest of the values, of which there is at least one."""
    found = values[0]
    for value in values:
        found = max(found, value)
    return found
