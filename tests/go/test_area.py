"""Tests of areas as KataGo counts them: pictures."""

from typing import NamedTuple

import numpy as np
import pytest

from alphazero.go import area, diagram, geometry
from tests.go import diagrams


class Case(NamedTuple):
    name: str
    stones: str
    owner: str
    suicide: bool = False


CASES = [
    Case(
        "an empty board",
        ".... / .... / .... / ....",
        ".... / .... / .... / ....",
    ),
    Case(
        "one stone owns the board",
        ".... / .X.. / .... / ....",
        "XXXX / XXXX / XXXX / XXXX",
    ),
    Case(
        "a stone of each",
        ".... / .X.. / .... / ...O",
        ".... / .X.. / .... / ...O",
    ),
    Case(
        "a prisoner in an only eye is not dead yet",
        "OX... / XX... / ..... / ..... / .....",
        "OXXXX / XXXXX / XXXXX / XXXXX / XXXXX",
    ),
    Case(
        "a prisoner in one of two eyes",
        "O.X.X / XXXXX / ..... / ..... / .....",
        "XXXXX / XXXXX / XXXXX / XXXXX / XXXXX",
    ),
    Case(
        "nothing is pass-alive",
        ".X.O. / XX.OO / ..... / XX.OO / .X.O.",
        "XX.OO / XX.OO / ..... / XX.OO / XX.OO",
    ),
    Case(
        "two chains that live",
        ".X.XX / XXXXX / ..... / OOOOO / O.O.O",
        "XXXXX / XXXXX / ..... / OOOOO / OOOOO",
    ),
    Case(
        "White has room beside living stones",
        ".X.XX / XXXXX / ..... / ..OO. / .....",
        "XXXXX / XXXXX / ..... / ..OO. / .....",
    ),
    Case(
        "an eye with a stone of White in its corner",
        "O.X.X / OXXXX / XXOOO / OOOOO / O.O.O",
        "XXXXX / XXXXX / XXOOO / OOOOO / OOOOO",
    ),
    Case(
        "the same with suicide is not an eye",
        "O.X.X / OXXXX / XXOOO / OOOOO / O.O.O",
        "O.XXX / OXXXX / XXOOO / OOOOO / OOOOO",
        suicide=True,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pictures(case):
    stones = diagrams.parse("\n".join(" ".join(row.strip()) for row in case.stones.split("/")))
    size = round((len(stones) - 1) ** 0.5)
    owner = np.zeros(size * size, np.int8)
    area.find(geometry.make(size), stones, area.make_scratch(size * size), np.bool_(case.suicide), owner)
    expected = diagrams.parse("\n".join(" ".join(row.strip()) for row in case.owner.split("/")))
    assert np.array_equal(owner, expected[:-1]), diagram.render(owner)
