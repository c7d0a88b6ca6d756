"""Turns of two forks: their order, their ends, and going on after an interruption."""

import json

import pytest

from alphazero.comparison import contenders, slices


def test_the_sides_change_places_in_every_round():
    assert slices.turns(20.0, 6.0, 3) == [
        ("a", 22.0),
        ("b", 22.0),
        ("b", 24.0),
        ("a", 24.0),
        ("a", 26.0),
        ("b", 26.0),
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [("{", "comparison.json: is damaged"), ('{"source": "other"}', "holds another comparison")],
)
def test_another_comparison_is_not_continued(tmp_path, content: str, line: str):
    (tmp_path / "comparison.json").write_text(content)
    asked = contenders.ComparisonSettings(
        source=tmp_path / "run", words=(("search.c_scale=1",), ()), minutes=1
    )
    with pytest.raises(ValueError, match=line):
        slices.compare(asked, tmp_path, lambda: False, lambda text: None)
    assert (tmp_path / "comparison.json").read_text() == content


def test_a_run_without_time_is_refused(tmp_path):
    (tmp_path / "status.json").write_text(json.dumps({"minutes": 0.0}))
    asked = contenders.ComparisonSettings(source=tmp_path, words=(("search.c_scale=1",), ()), minutes=1)
    with pytest.raises(ValueError, match="holds no run that has been running"):
        slices.compare(asked, tmp_path / "out", lambda: False, lambda text: None)
    assert not (tmp_path / "out").exists()
