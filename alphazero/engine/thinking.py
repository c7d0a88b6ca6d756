"""What a GTP engine thinks with: a search that follows one game, playouts, and exact raw evaluations."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from alphazero.config import search as search_config
from alphazero.engine import playouts
from alphazero.go import features, geometry, play, rules, symmetry
from alphazero.search import evaluator as evaluators
from alphazero.search import inspection, lockstep
from alphazero.search import tree as trees

MOST_SIMULATIONS = 100_000
"""Room of the tree beside a kept one: analyses and pondering end there. It takes memory only as it fills."""
_SLICE = 1024
"""Simulations of an analysis between two looks at how full the tree is."""


class Choice(NamedTuple):
    """A move and what the search thinks of the position before it."""

    action: int
    value: float  # in [-1, 1], as the player to move sees it
    visits: int  # descents through the root that count for this choice, a kept subtree's included


class Limits(NamedTuple):
    """What may bound a search beside the configured number of simulations."""

    should_stop: Callable[[], bool] | None = None  # asked after every step
    allowed: np.ndarray | None = None  # [A] bool, the moves to choose among; all if none of them is legal
    num_simulations: int | None = None  # instead of the configured ones
    is_reported: bool = False  # whether a move that the rules decide is searched, too, for the reports


_NO_LIMITS = Limits()


class Thinker:
    """Searches positions of games on one board size; keeps its tree while a game goes on."""

    def __init__(
        self,
        size: int,
        config: search_config.SearchConfig,
        evaluator: evaluators.Evaluator,
        make_exact: Callable[[], evaluators.Evaluator],
        forget_answers: Callable[[], None] = lambda: None,
    ) -> None:
        """make_exact: a float32 twin of `evaluator`, made when the first raw evaluation is asked for.

        forget_answers: empties the caches of `evaluator`.
        """
        self._size = size
        self._num_simulations = config.num_simulations
        room = max(config.num_simulations, MOST_SIMULATIONS)
        self._config = dataclasses.replace(config, num_simulations=room)
        self._forget_answers = forget_answers
        self._evaluator = evaluator
        self._make_exact = make_exact
        self._exact: evaluators.Evaluator | None = None
        self._search: lockstep.LockstepSearch | None = None
        self._games = np.zeros(0)
        self._root: play.Game | None = None
        self._playouts: tuple[bytes, playouts.Playouts] | None = None

    def warm_up(self) -> None:
        """Compiles what a game needs, so that its first move takes no longer than the others."""
        position = play.Game(self._size, 0.0)
        search = self._follow(position)
        result = search.search(_FIRST, self._evaluator, lockstep.SearchOptions(num_simulations=1))
        self.report(with_bounds=False)
        search.advance(_FIRST, result.actions)
        position.play(int(result.actions[0]))
        self._root = None

    def choose(self, position: play.Game, limits: Limits = _NO_LIMITS) -> Choice:
        """The best move after a search; pass once two passes were played.

        The search may end early with what it has then. As in our matches, a player that is sure to have
        lost passes instead of filling its own territory, so that the winner can end the game. A second
        pass that wins is played without a search.
        """
        if position.is_over:
            return Choice(self._size**2, 0.0, 0)
        is_won = _wins_by_passing(position) and _may_pass(limits)
        if is_won and not limits.is_reported:
            return Choice(self._size**2, 1.0, 0)
        search = self._follow(position)
        result = self._run(search, limits, limits.num_simulations or self._num_simulations)
        action, value = int(result.actions[0]), float(result.values[0])
        if is_won:
            self._visit_pass(search)
            action, value = self._size**2, 1.0
        if value < _LOST and action < self._size**2 and limits.allowed is None:
            mine = 1 if position.to_play == rules.BLACK else -1
            action = self._size**2 if position.ownership()[action] == mine else action
        return Choice(action, value, int(result.visits[0].sum()))

    def analyse(self, position: play.Game, limits: Limits) -> None:
        """Searches on until it is stopped, its simulations are done or the tree is full.

        A second pass that wins is one move among others.
        """
        if position.is_over:
            return
        search, has_stopped = self._follow(position), False

        def should_stop() -> bool:
            nonlocal has_stopped
            has_stopped = limits.should_stop is not None and limits.should_stop()
            return has_stopped

        bounds = limits._replace(should_stop=should_stop)
        left = limits.num_simulations or MOST_SIMULATIONS
        while left > 0 and not has_stopped and not self.is_full:
            self._run(search, bounds, min(left, _SLICE))
            left -= _SLICE
        if _wins_by_passing(position) and _may_pass(limits):
            self._visit_pass(search)

    @property
    def is_full(self) -> bool:
        """Whether an analysis of the position that was searched last would add nothing."""
        if self._search is None:
            return False
        tree = self._search.tree
        num_nodes, capacity = int(tree.num_nodes[0]), tree.nodes.shape[1]
        return num_nodes + _SLICE > capacity

    def report(self, *, with_bounds: bool = True) -> inspection.Report:
        """What the search says about the position that it was given last, also while it runs."""
        assert self._search is not None, "there was a search"
        return inspection.report(self._search.tree, 0, with_bounds=with_bounds)

    def playouts(self, position: play.Game) -> playouts.Playouts:
        """Games from this position to their ends, the same ones while the position stays the same."""
        key = position.record.tobytes()
        if self._playouts is None or self._playouts[0] != key:
            self._playouts = key, playouts.Playouts(position, self._evaluator, np.random.default_rng(0))
        return self._playouts[1]

    def forget(self) -> None:
        """Drops the tree, the playouts and the network's answers."""
        self._root = self._playouts = None
        self._forget_answers()

    def evaluate(self, position: play.Game, s: int) -> tuple[np.ndarray, float]:
        """The network's policy [A] over all moves, illegal ones included, and its value, both in float32.

        The network sees the position under symmetry s, numbered as Leela Zero numbers its own: what it
        shows at point p is the board's point permutations[s][p]. The value is the player to move's.
        """
        if self._exact is None:
            self._exact = self._make_exact()
        planes = np.zeros((features.NUM_PLANES, self._size**2), np.uint8)
        features.fill_planes(geometry.make(self._size), position.record, 0, planes)
        seen = symmetry.apply(planes, symmetry.inverse(s), self._size)
        batch = seen.reshape(1, features.NUM_PLANES, self._size, self._size)
        logits, values = self._exact.evaluate(batch)
        weights = np.exp(logits[0].astype(np.float64) - logits[0].max())
        return symmetry.apply(weights / weights.sum(), s, self._size), float(values[0])

    def _run(
        self, search: lockstep.LockstepSearch, limits: Limits, num_simulations: int
    ) -> lockstep.SearchResult:
        options = lockstep.SearchOptions(
            num_simulations=num_simulations,
            allowed=None if limits.allowed is None else limits.allowed[None],
            settles_passes=False,
            should_stop=limits.should_stop,
        )
        return search.search(_FIRST, self._evaluator, options)

    def _visit_pass(self, search: lockstep.LockstepSearch) -> None:
        """Makes sure that a pass which wins is among the visited moves, however small its prior.

        Called after a search: an early visit to a move of value 1 would leave few for the others.
        """
        last = self._size**2
        if search.tree.num_nodes[0] and last in trees.children(search.tree, 0, trees.ROOT):
            return
        allowed = np.arange(last + 1) == last
        self._run(search, Limits(allowed=allowed), 1)

    def _follow(self, position: play.Game) -> lockstep.LockstepSearch:
        """Brings search and tree to `position`."""
        if self._search is None or self._games.dtype != position.record.dtype:
            self._games = position.record.copy()
            self._search = lockstep.LockstepSearch(self._config, self._games, np.random.default_rng(0))
            self._root = None
        self._games[0] = position.record[0]
        new_moves = None if self._root is None else position.moves_since(self._root)
        if new_moves is None:
            self._search.reset(_FIRST)
        else:
            for action in new_moves:
                self._search.advance(_FIRST, np.array([action]))
        self._root = position.copy()
        return self._search


def _wins_by_passing(position: play.Game) -> bool:
    """Whether the player to move wins by the second of two passes."""
    margin = position.score() if position.to_play == rules.BLACK else -position.score()
    return bool(position.record["passes"][0] == 1) and margin > 0


def _may_pass(limits: Limits) -> bool:
    return limits.allowed is None or bool(limits.allowed[-1])


_FIRST = np.zeros(1, np.int64)
"""Indices of the only game."""
_LOST = -0.9
"""Value below which a player no longer fills its own territory."""
