"""Formats of long answers, computed by hand on a 2x2 board: points A1 B1 A2 B2, then the pass."""

import numpy as np
import pytest

from alphazero.engine import engine_search
from alphazero.engine.commands import answers
from alphazero.go import rules

POLICY = np.array([0.1, 0.20049, 0.0009999, 0.4, 0.2985101])


def test_all_legal_begins_at_the_top_left_and_leaves_the_pass_out():
    assert answers.all_legal(np.array([1, 1, 1, 1, 1], bool), 2) == "A2 B2 A1 B1"
    assert answers.all_legal(np.array([0, 1, 1, 0, 1], bool), 2) == "A2 B1"
    assert answers.all_legal(np.array([0, 0, 0, 0, 1], bool), 2) == ""


def test_heatmap_rounds_down_and_hides_occupied_points():
    stones = np.array([rules.BLACK, rules.EMPTY, rules.EMPTY, rules.WHITE], np.int8)
    assert answers.heatmap(POLICY, stones, -0.25) == (
        "  0   0 \n"  # A2 and B2
        "  0 200 \n"  # A1 and B1
        "pass: 298\n"
        "winrate: 0.375000"
    )


def test_raw_evaluation_has_white_s_view_and_no_number_for_illegal_moves():
    legal = np.array([0, 1, 1, 1, 1], bool)
    found = engine_search.RawEvaluation(POLICY, 0.5, None, None)
    lines = answers.raw_evaluation(3, found, legal, is_white=True).split("\n")
    assert lines == [
        "symmetry 3",
        "whiteWin 0.750000000",
        "whiteLoss 0.250000000",
        "noResult 0.000000000",
        "policy",
        "0.000999900 0.400000000",
        "NAN 0.200490000",
        "policyPass 0.298510100",
    ]
    found = found._replace(value=-0.5, lead=-2.25, ownership=np.array([1, -0.5, 0.25, 0]))
    assert answers.raw_evaluation(3, found, legal, is_white=False).split("\n") == [
        *lines[:4],
        "whiteLead 2.250000",
        *lines[4:],
        "whiteOwnership",
        "-0.2500000 -0.0000000",  # A2 and B2
        "-1.0000000 0.5000000",
    ]


@pytest.mark.parametrize(
    ("margin", "text"), [(0.5, "B+0.5"), (-7, "W+7.0"), (0, "0"), (-0.0, "0"), (81, "B+81.0")]
)
def test_score(margin, text):
    assert answers.score(margin) == text
