"""Tests of the plot of Elo over simulations: steps add up, and intervals belong to single steps."""

import json

from tools import plot_searches

MATCHES = [
    {"a": "puct:32", "b": "puct:8", "elo": 200.0, "elo_95": [150.0, 260.0]},
    {"a": "puct:128", "b": "puct:32", "elo": 100.0, "elo_95": [40.0, 170.0]},
]


def test_steps_add_up():
    algorithm, points = plot_searches.climb(MATCHES)
    assert algorithm == "puct"
    assert points == [(8, 0.0, 0.0, 0.0), (32, 200.0, 50.0, 60.0), (128, 300.0, 60.0, 70.0)]


def test_a_figure_is_drawn(tmp_path):
    source, target = tmp_path / "puct.jsonl", tmp_path / "figure.svg"
    source.write_text("".join(json.dumps(match) + "\n" for match in MATCHES))
    assert plot_searches.main([source], target) == 0
    assert "<svg" in target.read_text()
