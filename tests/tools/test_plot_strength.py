"""Tests of the plot of strength over minutes."""

import json

import pytest

from tools import plot_strength


def match(opponent, simulations, score, low, high):
    return {"opponent": opponent, "simulations": simulations, "score": score, "elo_95": [low, high]}


FOUND = [
    {"minutes": 5, "matches": [match("gnugo-10", 1, 0.1, -500, -300), match("gnugo-10", 128, 0.5, -50, 50)]},
    {
        "minutes": 15,
        "matches": [match("gnugo-10", 128, 1.0, 300, None), match("katago-128", 128, 0, None, -9)],
    },
]


def test_lines_have_the_matches_of_128_simulations():
    found = plot_strength.lines(FOUND)
    assert list(found) == ["GNU Go level 10", "KataGo's network, as many simulations"]
    first, second = found["GNU Go level 10"]
    assert first == pytest.approx((5, 50, 42.85, 57.15), abs=0.01)
    assert second == pytest.approx((15, 100, 84.90, 100), abs=0.01)


def test_a_figure_is_drawn(tmp_path):
    source, target = tmp_path / "strength.json", tmp_path / "figure.svg"
    source.write_text(json.dumps(FOUND))
    assert plot_strength.main(source, target) == 0
    assert "<svg" in target.read_text()
