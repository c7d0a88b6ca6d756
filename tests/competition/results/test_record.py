"""Tests of game records: conversion to and from a line, and points."""

import msgspec
import pytest

from alphazero.competition.results import record

GAME = record.GameResult(
    game_id="0_3", matchup_id="0", number=3, black="a", white="b", end=record.End.passes, winner="w",
    result="W+0.5", num_moves=80, moves_sha256="ab", seconds={"b": 1.5, "w": 2.0},
    cpu_s={"b": 1.25, "w": None},
)  # fmt: skip

LINE = (
    '{"game_id": "0_3", "matchup_id": "0", "number": 3, "black": "a", "white": "b", "end": "passes", '
    '"winner": "w", "result": "W+0.5", "detail": "", "num_moves": 80, "moves_sha256": "ab", '
    '"seconds": {"b": 1.5, "w": 2.0}, "cpu_s": {"b": 1.25, "w": null}, "scores": {}, "opening": null}'
)


def test_a_line_is_read_back():
    assert GAME.line() == LINE
    assert record.parse(LINE) == GAME


@pytest.mark.parametrize(
    ("winner", "result", "points", "is_known"),
    [
        ("w", "W+0.5", (0, 1), True),
        ("b", "B+R", (1, 0), True),
        (None, "0", (0.5, 0.5), True),
        (None, "?", (0, 0), False),
    ],
)
def test_points(winner, result, points, is_known):
    played = msgspec.structs.replace(GAME, winner=winner, result=result)
    assert (played.points("a"), played.points("b")) == points
    assert played.is_known == is_known


@pytest.mark.parametrize("line", ["", "{}", "[]", '{"end": "tea"}', GAME.line()[:-5]])
def test_other_lines_are_refused(line):
    with pytest.raises(ValueError, match=r"^not a game record: "):
        record.parse(line)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"number": 3', '"number": "3"', r"Expected `int`, got `str` - at `\$\.number`"),
        ('"black": "a"', '"black": null', r"Expected `str`, got `null` - at `\$\.black`"),
        ('"passes"', '"tea"', r"Invalid enum value 'tea' - at `\$\.end`"),
        ('"opening"', '"color"', "Object contains unknown field `color`"),
    ],
)
def test_the_reason_names_the_place(old, new, reason):
    with pytest.raises(ValueError, match=f"^not a game record: {reason}$"):
        record.parse(LINE.replace(old, new))
