"""Tests of the checks: they accept their bounds and refuse values just outside."""

import math

import pytest

from alphazero.config import checks

CASES = [
    (
        lambda value: checks.require_range("k", value, 1, 3),
        [1, 2, 3],
        [0.999, 3.001, math.nan],
        "from 1 to 3",
    ),
    (lambda value: checks.require_at_least("k", value, 2), [2, math.inf], [1.999, math.nan], "at least 2"),
    (lambda value: checks.require_positive("k", value), [1e-9, 5], [0, -1, math.nan], "greater than 0"),
]


@pytest.mark.parametrize(("check", "good", "bad", "allowed"), CASES)
def test_bounds(check, good, bad, allowed):
    for value in good:
        check(value)
    for value in bad:
        with pytest.raises(ValueError, match=rf"^k={value}: must be {allowed}$"):
            check(value)
