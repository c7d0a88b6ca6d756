"""The start of a competition game, which neither side chooses."""

from typing import NamedTuple


class OpeningMoves(NamedTuple):
    """Handicap stones and first moves."""

    stones: tuple[int, ...] = ()
    """Points of Black's handicap, at least two; White then moves first. Empty for an even game."""
    moves: tuple[int, ...] = ()
    """Actions of alternating colours."""


NONE = OpeningMoves()
