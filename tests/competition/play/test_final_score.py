"""Tests of final scores, which follow gomill's errors.rst."""

import pytest

from alphazero.competition.control_files import settings
from alphazero.competition.play import final_score

SCORES = [
    (["B+3.5", "B+3.5"], ("b", "B+3.5", "")),
    (["W+3", "w+3.0"], ("w", "W+3", "")),
    (["0", "0"], (None, "0", "")),
    (["0"], (None, "0", "")),
    (["B+3.5", "B+4.5"], ("b", "B+", "unknown margin")),
    (["B+?", "B+?"], ("b", "B+", "unknown margin")),
    (["B+R"], ("b", "B+", "unknown margin")),
    (["W+0"], ("w", "W+", "unknown margin")),
    (["W+inf"], ("w", "W+", "unknown margin")),
    (["W+nan"], ("w", "W+", "unknown margin")),
    (["B+1", "W+1"], (None, "?", "players disagreed")),
    (["B+1", "0"], (None, "?", "players disagreed")),
    (["B+1", "cannot say"], ("b", "B+1", "")),
    (["", "?"], (None, "?", "no score reported")),
    ([], (None, "?", "no score reported")),
]


@pytest.mark.parametrize(("answers", "expected"), SCORES)
def test_scores_of_players(answers, expected):
    found = final_score.from_scores(dict(zip("bw", answers, strict=False)))
    assert (found.winner, found.result, found.detail) == expected


@pytest.mark.parametrize(
    ("points", "result"),
    [(0.0, "0"), (0.5, "B+0.5"), (-12.0, "W+12"), (0.1 + 0.2, "B+0.3"), (-361.0, "W+361")],
)
def test_points(points, result):
    assert final_score.from_points(points).result == result


@pytest.mark.parametrize(
    ("kind", "num_stones", "points"),
    [("no", 4, 0), ("full", 4, 4), ("short", 4, 3), ("short", 0, 0), ("full", 0, 0)],
)
def test_compensation(kind, num_stones, points):
    assert final_score.compensation(settings.Compensation(kind), num_stones) == points
