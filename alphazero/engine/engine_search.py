"""Search of a GTP engine: a tree that follows one game, rollouts, and exact raw evaluations."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.engine import rollouts
from alphazero.go import input_families, play, rules, symmetry
from alphazero.search import inspection, interface, lockstep, lost_games
from alphazero.search import tree as trees

MOST_SIMULATIONS = 100_000
"""Capacity of the tree beside a kept subtree. Analyses and pondering stop there. Memory grows with use."""
_SLICE = 1024
"""Simulations of an analysis between two checks of the tree's size."""


class MoveChoice(NamedTuple):
    """A move, and the search's evaluation of the position before it."""

    action: int
    value: float  # in [-1, 1], of the player to move
    visits: int  # descents through the root that count for this choice, a kept subtree's included


class RawEvaluation(NamedTuple):
    """The network's own evaluation of a position, of A moves and P points, seen by the player to move."""

    policy: np.ndarray  # [A] over all moves, illegal ones included
    value: float  # in [-1, 1]
    lead: float | None  # expected final lead in points, komi included; None without such a head
    ownership: np.ndarray | None  # [P] in [-1, 1], expected owners; None likewise


class SearchLimits(NamedTuple):
    """Limits of one search beside the configured number of simulations."""

    should_stop: Callable[[], bool] | None = None  # called after every step
    allowed: np.ndarray | None = None  # [A] bool, the moves to choose among; all if none of them is legal
    num_simulations: int | None = None  # instead of the configured number
    is_reported: bool = False  # whether a second pass that wins is searched too, for the reports


_NO_LIMITS = SearchLimits()


class EngineSearch:
    """Search of positions on one board size. It keeps its tree while a game goes on."""

    def __init__(
        self,
        size: int,
        config: search_config.SearchConfig,
        evaluator: evaluators.Evaluator,
        make_exact: Callable[[], evaluators.Evaluator],
        forget_answers: Callable[[], None] = lambda: None,
    ) -> None:
        """make_exact: makes a float32 reference of `evaluator` at the first raw evaluation.

        forget_answers: clears the caches of `evaluator`.
        """
        self._size = size
        self._num_simulations = config.num_simulations
        self._config = config
        self._forget_answers = forget_answers
        self._evaluator = evaluator
        self._make_exact = make_exact
        self._exact: evaluators.Evaluator | None = None
        self._search: lockstep.LockstepSearch | None = None
        self._games = np.zeros(0)
        self._root: play.Game | None = None
        self._rollouts: tuple[bytes, rollouts.Rollouts] | None = None

    def warm_up(self) -> None:
        """Compiles all kernels of a game, so that its first move is as fast as the others."""
        position = play.Game(self._size, 0.0)
        search = self._follow(position)
        result = search.search(_FIRST, self._evaluator, interface.SearchOptions(num_simulations=1))
        self.report(with_bounds=False)
        search.advance(_FIRST, result.actions)
        position.play(int(result.actions[0]))
        self._root = None

    def choose(self, position: play.Game, limits: SearchLimits = _NO_LIMITS) -> MoveChoice:
        """Returns the best move after a search, which `limits` may end early.

        Three rules replace the search's move by a pass:
        - After two passes it is a pass.
        - A second pass that wins is played without a search, unless the search is reported.
        - A player that has certainly lost passes instead of filling its own territory (`lost_games`).
        """
        if position.is_over:
            return MoveChoice(self._size**2, 0.0, 0)
        is_won = _wins_by_passing(position) and _may_pass(limits)
        if is_won and not limits.is_reported:
            return MoveChoice(self._size**2, 1.0, 0)
        search = self._follow(position)
        result = self._run(search, limits, limits.num_simulations or self._num_simulations)
        action, value = int(result.actions[0]), float(result.values[0])
        if is_won:
            self._visit_pass(search)
            action, value = self._size**2, 1.0
        if limits.allowed is None:
            action = lost_games.replace(action, value, position.record[0])
        return MoveChoice(action, value, int(result.visits[0].sum()))

    def analyse(self, position: play.Game, limits: SearchLimits) -> None:
        """Continues the search until it is stopped, its simulations are done or the tree is full.

        A second pass that wins is searched as one move among others.
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
        """Whether the tree is too full for a further analysis of the last position."""
        if self._search is None:
            return False
        tree = self._search.tree
        num_nodes, capacity = int(tree.num_nodes[0]), tree.nodes.shape[1]
        return num_nodes + _SLICE > capacity

    def report(self, *, with_bounds: bool = True) -> inspection.Report:
        """Returns the state of the search of the last position. It may be called during the search."""
        assert self._search is not None, "there was a search"
        return inspection.report(self._search.tree, 0, with_bounds=with_bounds)

    def rollouts(self, position: play.Game) -> rollouts.Rollouts:
        """Returns the rollouts of this position. The same position gets the same rollouts again."""
        key = position.record.tobytes()
        if self._rollouts is None or self._rollouts[0] != key:
            self._rollouts = key, rollouts.Rollouts(position, self._evaluator, np.random.default_rng(0))
        return self._rollouts[1]

    def forget(self) -> None:
        """Drops the tree, the rollouts and the network's cached answers."""
        self._root = self._rollouts = None
        self._forget_answers()

    def evaluate(self, position: play.Game, s: int) -> RawEvaluation:
        """Evaluates the position in float32.

        The network sees the position under symmetry s, in the numbering of Leela Zero: its point p shows
        the board's point permutations[s][p].
        """
        if self._exact is None:
            self._exact = self._make_exact()
        planes, scalars = input_families.encode_game(evaluators.family(self._exact), position)
        rows = planes.reshape(planes.shape[1], self._size**2)
        seen = symmetry.apply(rows, symmetry.inverse(s), self._size).reshape(planes.shape)
        outputs = self._exact.evaluate(evaluators.Inputs(seen, scalars if scalars.size else None))
        logits = outputs.logits[0]
        weights = np.exp(logits.astype(np.float64) - logits.max())
        return RawEvaluation(
            policy=symmetry.apply(weights / weights.sum(), s, self._size),
            value=float(outputs.values[0]),
            lead=None if outputs.scores is None else float(outputs.scores[0]),
            ownership=None
            if outputs.ownership is None
            else symmetry.apply(outputs.ownership[0], s, self._size),
        )

    def _run(
        self, search: lockstep.LockstepSearch, limits: SearchLimits, num_simulations: int
    ) -> interface.SearchResult:
        options = interface.SearchOptions(
            num_simulations=num_simulations,
            allowed=None if limits.allowed is None else limits.allowed[None],
            settles_passes=False,
            should_stop=limits.should_stop,
        )
        return search.search(_FIRST, self._evaluator, options)

    def _visit_pass(self, search: lockstep.LockstepSearch) -> None:
        """Ensures that a winning pass is among the visited moves, even with a small prior.

        This runs after the search, as an early visit to a move of value 1 would leave few for the others.
        """
        last = self._size**2
        if search.tree.num_nodes[0] and last in trees.children(search.tree, 0, trees.ROOT):
            return
        allowed = np.arange(last + 1) == last
        self._run(search, SearchLimits(allowed=allowed), 1)

    def _follow(self, position: play.Game) -> lockstep.LockstepSearch:
        """Moves the search to `position`. The subtree is kept if the position continues the last one."""
        if self._search is None or self._games.dtype != position.record.dtype:
            self._games = position.record.copy()
            self._search = lockstep.LockstepSearch(
                self._config,
                self._games,
                np.random.default_rng(0),
                max_simulations=max(self._num_simulations, MOST_SIMULATIONS),
                family=evaluators.family(self._evaluator),
            )
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
    """Whether a second pass would end the game with a win for the player to move."""
    margin = position.score() if position.to_play == rules.BLACK else -position.score()
    return bool(position.record["passes"][0] == 1) and margin > 0


def _may_pass(limits: SearchLimits) -> bool:
    return limits.allowed is None or bool(limits.allowed[-1])


_FIRST = np.zeros(1, np.int64)
"""Indices of the only game."""
