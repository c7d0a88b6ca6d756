"""The start of a competition game that neither side chooses."""

from typing import NamedTuple


class Opening(NamedTuple):
    """Handicap stones and first moves."""

    stones: tuple[int, ...] = ()
    """Points of Black's handicap, two or more; White then moves first. Empty for an even game."""
    moves: tuple[int, ...] = ()
    """Actions, alternating."""


NONE = Opening()
