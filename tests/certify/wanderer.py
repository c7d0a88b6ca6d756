"""Long random games for comparisons with other programs."""

from collections.abc import Iterator

import numpy as np

from alphazero.config import game as game_config
from alphazero.go import play
from tests.go import positions

PASSES = 0.02
"""Share of passes if there are other moves."""


def plies(position: play.Game, num_plies: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, int]]:
    """Plays uniformly random moves. Yields the legal actions [A] and the chosen action before each move.

    Two passes do not end the game, because later positions also test the rules.
    """
    for _ in range(num_plies):
        position.resume()
        legal = position.legal()
        choices = np.flatnonzero(legal[:-1])
        is_pass = not len(choices) or rng.random() < PASSES
        action = position.size**2 if is_pass else int(rng.choice(choices))
        yield legal, action
        position.play(action)


def new_game(
    size: int, *, ko: game_config.Ko = game_config.Ko.positional, suicide: bool = False
) -> play.Game:
    """A new game. Small boards use the record layout for which other tests compile kernels, too."""
    return play.Game(size, 7.0, ko=ko, suicide=suicide, capacity=positions.CAPACITY if size < 9 else None)


def longest(position: play.Game, most: int) -> int:
    """Number of plies, at most `most`, before the record would grow and need new kernels."""
    return min(position.record["hashes"].shape[1] - 1 - position.size**2, most)
