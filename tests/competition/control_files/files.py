"""Control files that tests write and read."""

import pytest

from alphazero.competition.control_files import control

GOOD_YAML = """\
competition_type: playoff
players: {a: x, b: y, net: {weights: none}}
board_size: 9
komi: 7
matchups: [{players: [a, b]}]
"""
GOOD = """\
competition_type = 'playoff'
players = {'a': Player('x'), 'b': Player('y'), 'net': Player(weights='none')}
board_size = 9
komi = 7
matchups = [Matchup('a', 'b')]
"""
ALL = """\
competition_type = 'allplayall'
players = {'a': Player('x'), 'b': Player('y')}
board_size = 9
komi = 7
competitors = ['a', 'b']
"""


def read(folder, text, suffix=".ctl"):
    path = folder / f"cup{suffix}"
    path.write_text(text)
    return control.read(path)


def refusal(folder, text, suffix=".ctl"):
    """The error message for a bad file, without the file's name."""
    with pytest.raises(ValueError) as error:
        read(folder, text, suffix)
    name, _, message = str(error.value).partition(": ")
    assert name == str(folder / f"cup{suffix}")
    assert len(str(error.value).splitlines()) == 1
    return message
