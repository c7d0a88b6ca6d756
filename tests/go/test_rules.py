"""Tests of move names and return codes."""

import pytest

from alphazero.go import rules


@pytest.mark.parametrize(
    ("text", "size", "action"),
    [
        ("A1", 9, 0),
        ("J1", 9, 8),
        ("a2", 9, 9),
        (" D4 ", 9, 30),
        ("J9", 9, 80),
        ("pass", 9, 81),
        ("PASS", 19, 361),
        ("T19", 19, 360),
        ("H8", 19, 140),
    ],
)
def test_parse_move(text, size, action):
    assert rules.parse_move(text, size) == action


@pytest.mark.parametrize("text", ["", "I5", "K1", "A0", "A10", "A-1", "A", "1A", "A1x", "resign", "A²", "é1"])
def test_parse_move_refuses(text):
    with pytest.raises(ValueError, match="neither pass nor a point of a 9x9 board"):
        rules.parse_move(text, 9)


@pytest.mark.parametrize("size", [2, 9, 19])
def test_names_come_back(size):
    names = [rules.format_move(action, size) for action in range(size * size + 1)]
    assert [rules.parse_move(name, size) for name in names] == list(range(size * size + 1))
    assert len(set(names)) == size * size + 1


def test_every_answer_has_a_reason():
    answers = [rules.OK, rules.OFF_BOARD, rules.OCCUPIED, rules.SUICIDE, rules.SUPERKO, rules.GAME_OVER]
    assert sorted(answers) == list(range(len(rules.REASONS)))
