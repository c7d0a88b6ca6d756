"""Rollouts: many games side by side from one position to the end, for ownership without an ownership head.

P points, A = P + 1 actions, K games, B of them unfinished.
"""

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.go import board, game_kernels, geometry, life, play, rules, scoring
from alphazero.search import raw_policy, sampling

NUM_GAMES = 32
_DIAGONALS = [(y, x) for y in (0, 2) for x in (0, 2)]
_NEIGHBORS = [(0, 1), (1, 0), (1, 2), (2, 1)]


class Rollouts:
    """K games that advance by one move a step until all are over.

    Moves are drawn from the network's policy, with two exceptions for the sake of weak networks:
    - A player does not fill its own eyes.
    - A player passes only if the pass is the likeliest move, or the only one left.
    """

    def __init__(
        self,
        position: play.Game,
        evaluator: evaluators.Evaluator,
        rng: np.random.Generator,
        num_games: int = NUM_GAMES,
    ) -> None:
        """position: may have ended by two passes; the games continue from it."""
        self._evaluator = evaluator
        self._rng = rng
        self._size = position.size
        self._geometry = geometry.make(position.size)
        self._scratch = board.make_scratch(position.size**2)
        self._start = position.record["stones"][0].copy()
        self._games = np.repeat(position.record, num_games)
        self._games["passes"] = 0
        self._games["over"] = False
        num_left = position.record["hashes"].shape[1] - 1 - len(position.moves)
        self._games["move_limit"] = len(position.moves) + min(num_left, 3 * position.size**2)
        config, family = search_config.SearchConfig(num_simulations=1), evaluators.family(evaluator)
        self._policy = raw_policy.RawPolicy(config, self._games, rng, family=family)

    @property
    def is_done(self) -> bool:
        """Whether all games are over."""
        return bool(self._games["over"].all())

    def step(self) -> None:
        """Plays a move in each game that is not over."""
        indices = np.flatnonzero(~self._games["over"])
        policies = self._policy.evaluate_roots(indices, self._evaluator)
        stones, players = self._games["stones"][indices, :-1], self._games["to_play"][indices]
        actions = sampling.draw(sensible(policies, stones, players), self._rng)
        for index, action in zip(indices.tolist(), actions.tolist(), strict=True):
            status = game_kernels.play(self._geometry, self._games, self._scratch, index, action)
            assert status == rules.OK
        self._policy.reset(indices)

    def finish(self) -> "Rollouts":
        """Plays all games to their ends."""
        while not self.is_done:
            self.step()
        return self

    def owners(self) -> np.ndarray:
        """[K, P] int8 owner of each point in each game: 1 Black, -1 White, 0 neither.

        Points that are settled in the initial position keep their owner, whatever the games did.
        """
        owners = np.zeros((len(self._games), self._size**2), np.int8)
        for game, owner in zip(self._games, owners, strict=True):
            scoring.ownership(self._geometry, game["stones"], self._scratch, owner)
        settled = settled_owner(self._start, self._size)
        return np.where(settled != 0, settled, owners)


def settled_owner(stones: np.ndarray, size: int) -> np.ndarray:
    """[P] int8 certain owner of each point: 1 Black, -1 White, 0 not settled. stones: [P + 1]."""
    owner = np.zeros(size**2, np.int8)
    life.settled_owner(geometry.make(size), stones, life.make_scratch(size**2), owner)
    return owner


def sensible(policies: np.ndarray, stones: np.ndarray, players: np.ndarray) -> np.ndarray:
    """[B, A] weights of the moves that a rollout may draw. If no other move is left, a pass has weight 1.

    policies: [B, A]; stones: [B, P]; players: [B], the players to move.
    """
    weights = policies.astype(np.float64)
    weights[:, :-1][own_eyes(stones, players)] = 0
    weights[:, -1] *= weights[:, -1] > weights[:, :-1].max(axis=1)
    weights[weights.sum(axis=1) == 0, -1] = 1
    return weights


def own_eyes(stones: np.ndarray, players: np.ndarray) -> np.ndarray:
    """[B, P] bool, the player's own eyes: empty points whose neighbours are all the player's stones.

    The opponent may have one of the diagonal points, but none at the edge. Otherwise the eye may be false.
    """
    size = round(stones.shape[1] ** 0.5)
    padded = np.full((len(stones), size + 2, size + 2), rules.WALL, np.int8)
    padded[:, 1:-1, 1:-1] = stones.reshape(-1, size, size)
    own, other = (colors[:, None, None] for colors in (players, 3 - players))

    def shifted(place: tuple[int, int]) -> np.ndarray:
        return padded[:, place[0] : place[0] + size, place[1] : place[1] + size]

    is_eye = shifted((1, 1)) == rules.EMPTY
    for place in _NEIGHBORS:
        is_eye &= (shifted(place) == own) | (shifted(place) == rules.WALL)
    num_hostile = sum((shifted(place) == other).astype(int) for place in _DIAGONALS)
    at_edge = sum((shifted(place) == rules.WALL).astype(int) for place in _DIAGONALS) > 0
    is_eye &= num_hostile + at_edge < 2
    return is_eye.reshape(stones.shape)
