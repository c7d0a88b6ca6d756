"""Tests of the data settings: paths are a string or a list, and bounds are checked."""

import pytest

from alphazero.config import compose, mistakes


@pytest.mark.parametrize(
    ("word", "patterns"),
    [
        ("data.path=chunks/*.gz", ["chunks/*.gz"]),
        ("data.path='my games'", ["my games"]),
        ("data.path=[a,b/*.gz]", ["a", "b/*.gz"]),
        ("data.path=null", []),
    ],
)
def test_paths(word, patterns):
    assert compose.compose([word]).data.patterns == patterns


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["data.path=[' ']"], r"data.path=\[' '\]: must be a path, a pattern or a list of them"),
        (["data.path=[]"], r"data.path=\[\]: must be a path, a pattern or a list of them"),
        (["data.held_out_fraction=1"], "data.held_out_fraction=1.0: must be from 0 to less than 1"),
        (["data.epochs=0"], "data.epochs=0.0: must be greater than 0"),
        (["data.num_readers=0"], "data.num_readers=0: must be from 1 to 256"),
        (["data.evaluate_steps=0"], "data.evaluate_steps=0: must be at least 1"),
        (
            ["data.held_out_fraction=0", "data.patience=3"],
            "data.patience=3: must be 0 if nothing is held out",
        ),
    ],
)
def test_mistakes(words, line):
    with pytest.raises(mistakes.SettingsError, match=f"^{line}$"):
        compose.compose(words)
