"""Matches between two networks by PUCT without noise, from openings of both."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.evaluation import match, openings, players
from alphazero.evaluation import result as results
from alphazero.net import inference


class Entrant(NamedTuple):
    """A network of a match."""

    name: str
    evaluator: inference.NetEvaluator
    simulations: int  # for a move


def play(
    a: Entrant,
    b: Entrant,
    game: game_config.GameConfig,
    *,
    pairs: int,
    opening_plies: int,
    seed: int,
    should_stop: Callable[[], bool] = lambda: False,
) -> results.MatchResult | None:
    """Plays pairs of games with the same opening and colours swapped.

       Each network draws half of the openings.
    Returns None if `should_stop` ends the match.
    """
    rng = np.random.default_rng(seed)
    first_moves = [
        opening
        for entrant, count in ((a, (pairs + 1) // 2), (b, pairs // 2))
        for opening in openings.draw(entrant.evaluator, game, count=count, plies=opening_plies, rng=rng)
    ]
    sides = [
        players.SearchPlayer(
            entrant.name,
            entrant.evaluator,
            search_config.SearchConfig(
                algorithm=search_config.Algorithm.puct, num_simulations=entrant.simulations
            ),
            rng,
        )
        for entrant in (a, b)
    ]
    first, second = sides
    return match.play_match(first, second, game, first_moves, should_stop=should_stop)
