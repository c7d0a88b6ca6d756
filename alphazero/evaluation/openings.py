"""Openings of match games, drawn from a network's policy."""

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, game_kernels, geometry, rules
from alphazero.search import lockstep, sampling

_MOST_ROUNDS = 6

Opening = tuple[int, ...]
"""Actions of both colours in turn, beginning with Black's."""


def draw(
    evaluator: evaluators.Evaluator,
    config: game_config.GameConfig,
    *,
    count: int,
    plies: int,
    rng: np.random.Generator,
) -> list[Opening]:
    """Draws `count` openings of `plies` moves from the network's raw policy, without passes.

    Repeated openings are drawn again from a flatter policy, at most five times. Those that still repeat
    stay, as a small board may not have enough openings.
    """
    plies = min(plies, config.moves_at_most - 1)
    drawn: list[Opening] = _draw_once(evaluator, config, (count, plies), 1.0, rng)
    for extra_round in range(1, _MOST_ROUNDS):
        repeated = [index for index, opening in enumerate(drawn) if opening in drawn[:index]]
        if not repeated or not plies:
            break
        temperature = 1.0 + 0.5 * extra_round
        fresh = _draw_once(evaluator, config, (len(repeated), plies), temperature, rng)
        for index, opening in zip(repeated, fresh, strict=True):
            drawn[index] = opening
    return drawn


def _draw_once(
    evaluator: evaluators.Evaluator,
    config: game_config.GameConfig,
    shape: tuple[int, int],
    temperature: float,
    rng: np.random.Generator,
) -> list[Opening]:
    """Draws openings from policy ** (1 / temperature), all advanced together. shape: count and plies."""
    count, plies = shape
    games = game_kernels.new_games(count, config)
    tables, scratch = geometry.make(config.size), board.make_scratch(config.size**2)
    bare = search_config.SearchConfig(num_simulations=1)
    search = lockstep.LockstepSearch(bare, games, rng, family=evaluators.family(evaluator))
    indices = np.arange(count)
    drawn: list[list[int]] = [[] for _ in range(count)]
    for _ in range(plies):
        policy = search.evaluate_roots(indices, evaluator).astype(np.float64)
        policy[:, -1] = 0
        # An opening ends early if only a pass is left.
        has_move = policy.sum(axis=1) > 0
        indices, policy = indices[has_move], policy[has_move]
        if not len(indices):
            break
        actions = sampling.draw(policy ** (1 / temperature), rng)
        status = game_kernels.play_each(tables, games, scratch, indices, actions)
        assert status == rules.OK, f"the policy chose an illegal move ({status})"
        for index, action in zip(indices, actions, strict=True):
            drawn[index].append(int(action))
        search.reset(indices)
    return [tuple(opening) for opening in drawn]
