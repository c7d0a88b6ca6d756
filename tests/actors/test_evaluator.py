"""Rests of the evaluator between gates, which bound their share of the CPU time."""

import os

import pytest

from actors import evaluator
from alphazero.config import gate as gate_config


@pytest.mark.parametrize(
    ("share", "spent_s", "lasted_s", "rest_s"),
    [(0.05, 10.0, 20.0, 80.0), (0.05, 1.0, 20.0, 0.0), (1.0, 10.0, 10.0, 0.0), (0.5, 30.0, 10.0, 20.0)],
)
def test_the_rest_follows_from_the_cpu_time_of_the_match(monkeypatch, share, spent_s, lasted_s, rest_s):
    """On two cores, so that a match of 10 s has taken a twentieth of the CPU time after 100 s."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})
    rule = gate_config.GateConfig(cpu_share=share)
    assert evaluator._rest_s(rule, spent_s, lasted_s) == pytest.approx(rest_s)
