"""Rests of the evaluator between gates, which bound their share of the CPU time."""

import pytest

from actors import evaluator


@pytest.mark.parametrize(
    ("cores", "spent_s", "lasted_s", "rest_s"),
    [(0.1, 10.0, 20.0, 80.0), (0.1, 1.0, 20.0, 0.0), (2.0, 10.0, 10.0, 0.0), (1.0, 30.0, 10.0, 20.0)],
)
def test_the_rest_follows_from_the_cpu_time_of_the_match(cores, spent_s, lasted_s, rest_s):
    """A match of 10 s has taken a tenth of a core after 100 s."""
    assert evaluator._rest_s(cores, spent_s, lasted_s) == pytest.approx(rest_s)
