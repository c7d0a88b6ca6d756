"""Comparison of the kernels with the slow search of tests/reference on the same games."""

import os
from dataclasses import dataclass, field

import numpy as np
import pytest

from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, game_kernels, geometry, rules
from alphazero.search import constants, interface, lockstep
from alphazero.search import tree as trees
from tests.reference import board as reference_board
from tests.reference import search as reference_search

CAPACITY = 60
"""Capacity of every game in the tests of the search, so that kernels are compiled once for each size."""
needs_compiled_kernels = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="too slow, or rounds differently, without compilation"
)
CLOSE_CALL = 1e-5
"""Largest lead, in units of the value, that float32 may reverse."""


@dataclass
class Tally:
    """Counts of compared items."""

    games: int = 0
    searches: int = 0
    nodes: int = 0
    ends: int = 0
    superkos: int = 0
    """Positions in the trees in which superko forbids a move."""
    reused: int = 0
    passes: int = 0
    close_calls: list[str] = field(default_factory=list)
    """Differences of searches that made a choice by a lead of at most CLOSE_CALL."""


def options_of(
    config: search_config.SearchConfig, outcome: constants.OutcomeValue
) -> reference_search.Options:
    """Options of the slow search for a configuration of the fast one."""
    names = reference_search.Options.__dataclass_fields__.keys() & config.__dataclass_fields__.keys()
    return reference_search.Options(
        is_gumbel=config.algorithm is search_config.Algorithm.gumbel,
        score_weight=outcome.score_weight,
        score_scale=outcome.score_scale,
        **{name: getattr(config, name) for name in names},
    )


class ReferencePair:
    """A batch of games that both implementations search."""

    def __init__(
        self,
        config: search_config.SearchConfig,
        size: int,
        komis: list[float],
        *,
        limits: list[int] | None = None,
        seed: int = 0,
        is_noisy: bool = False,
        outcome: constants.OutcomeValue = constants.ONLY_WINNING,
        ko: game_config.Ko = game_config.Ko.positional,
        suicide: bool = False,
        kept_limit: int | None = None,
    ) -> None:
        """komis, limits: komi and move limit of each game. kept_limit: most nodes that a move keeps."""
        count, limits = len(komis), limits or [CAPACITY] * len(komis)
        self.config, self.size, self.is_noisy = config, size, is_noisy
        game_rules = game_config.GameConfig(size=size, move_limit=CAPACITY, ko=ko, suicide=suicide)
        self.games = game_kernels.new_games(count, game_rules)
        self.games["komi"], self.games["move_limit"] = komis, limits
        self.tables, self.scratch = geometry.make(size), board.make_scratch(size * size)
        self.search = lockstep.LockstepSearch(config, self.games, np.random.default_rng(seed), outcome)
        self.noise = np.random.default_rng(seed)
        self.options = options_of(config, outcome)
        slow_game = reference_board.Game(size, suicide=suicide, ko=ko.value)
        self.slow = [
            reference_search.Search(
                reference_search.Position(slow_game, komi, min(limit, CAPACITY)), self.options
            )
            for komi, limit in zip(komis, limits, strict=True)
        ]
        self.kept_limit = kept_limit or 2 * config.num_simulations + 1
        self.most_kept = 0
        self.tally = Tally(games=count)

    def play_on(self, evaluator, rng: np.random.Generator) -> bool:
        """Searches every game that is not over, compares, and plays a move in each. False if all are over."""
        indices = np.flatnonzero(~self.games["over"])
        if not len(indices):
            return False
        # Passing is sometimes forbidden, as in self-play.
        forbid_pass = rng.random(len(indices)) < 0.2
        result = self.search.search(
            indices,
            evaluator,
            interface.SearchOptions(
                num_simulations=self.config.num_simulations,
                num_considered=self.config.num_considered,
                is_noisy=self.is_noisy,
                forbid_pass=forbid_pass,
            ),
        )
        self._search_slowly(indices, evaluator, forbid_pass)
        for slot, index in enumerate(indices):
            self._compare(index, slot, result)
        self._play(indices, self._moves(indices, result, rng))
        return True

    def _search_slowly(self, indices, evaluator, forbid_pass) -> None:
        for slot, index in enumerate(indices):
            self.tally.reused += self.slow[index].root.visits > 1
            self.slow[index].prepare(evaluator, bool(forbid_pass[slot]), self.is_noisy)
        if self.is_noisy:
            self._add_noise(indices)
        for index in indices:
            self.slow[index].run(evaluator)

    def _add_noise(self, indices) -> None:
        """Draws the same numbers as the fast search drew from its generator, in the same order."""
        slow_searches = [self.slow[index] for index in indices]
        shape = (len(slow_searches), self.size**2 + 1)
        if self.options.is_gumbel:
            for slow, noise in zip(slow_searches, self.noise.gumbel(size=shape), strict=True):
                slow.add_gumbel(noise)
            return
        num_allowed = np.array([[(slow.priors > 0).sum()] for slow in slow_searches])
        alphas = np.broadcast_to(self.config.noise_concentration / num_allowed, shape)
        for slow, gammas in zip(slow_searches, self.noise.standard_gamma(alphas), strict=True):
            slow.add_dirichlet(gammas, self.config.noise_fraction)

    def _compare(self, index: int, slot: int, result: interface.SearchResult) -> None:
        slow, tally = self.slow[index], self.tally
        tally.searches += 1
        tally.superkos += sum(node.position.has_superko for node in slow.root.walk())
        try:
            num_nodes, num_ends = compare_trees(self.search.tree, index, trees.ROOT, slow.root)
            compare_results(result, slot, slow)
        except AssertionError as difference:
            if slow.closest_call > CLOSE_CALL:
                raise
            tally.close_calls.append(str(difference))
            self._start_again(index)
            return
        tally.nodes += num_nodes
        tally.ends += num_ends

    def _start_again(self, index: int) -> None:
        """Drops both trees after a difference that rounding can explain."""
        self.search.reset(np.array([index]))
        self.slow[index] = reference_search.Search(self.slow[index].root.position, self.options)

    def _moves(self, indices, result, rng) -> np.ndarray:
        """The chosen moves; in some games another legal move, which may be missing in the tree."""
        actions = result.actions.copy()
        for slot, index in enumerate(indices):
            if rng.random() < 0.3:
                actions[slot] = rng.choice(self.slow[index].root.position.legal())
        return actions

    def _play(self, indices, actions) -> None:
        for index, action in zip(indices, actions, strict=True):
            status = game_kernels.play(self.tables, self.games, self.scratch, int(index), int(action))
            assert status == rules.OK
            self.tally.passes += int(action) == self.size**2
        self.search.advance(indices, actions)
        for index, action in zip(indices, actions, strict=True):
            self.slow[index].play(int(action), self.kept_limit)
            self.most_kept = max(self.most_kept, int(self.search.tree.num_nodes[index]))
            if not self.config.tree_reuse:
                self._start_again(int(index))


def compare_trees(tree, index: int, node: int, slow: reference_search.Node) -> tuple[int, int]:
    """Asserts equal visits, values and ends at every node. Returns the numbers of nodes and ends."""
    where = f"game {index}, after {slow.position.game.moves}"
    record = tree.nodes[index, node]
    assert record["visits"] == slow.visits, where
    assert record["is_terminal"] == slow.is_terminal, where
    assert record["raw_value"] == pytest.approx(slow.raw_value, abs=1e-6), where
    assert record["value_sum"] / slow.visits == pytest.approx(slow.mean, abs=1e-5), where
    below = trees.children(tree, index, node)
    assert below.keys() == slow.children.keys(), where
    num_nodes, num_ends = 1, int(slow.is_terminal)
    for action, child in below.items():
        prior = tree.nodes[index, child]["prior"]
        assert prior == pytest.approx(slow.priors[action], rel=1e-4, abs=1e-7), where
        more_nodes, more_ends = compare_trees(tree, index, child, slow.children[action])
        num_nodes, num_ends = num_nodes + more_nodes, num_ends + more_ends
    return num_nodes, num_ends


def compare_results(result: interface.SearchResult, slot: int, slow: reference_search.Search) -> None:
    """Asserts the same move, policy, value and visits."""
    expected = slow.policy()
    np.testing.assert_allclose(result.policy[slot], expected, rtol=2e-3, atol=1e-5)
    np.testing.assert_allclose(result.values[slot], slow.value(), atol=1e-4)
    np.testing.assert_allclose(result.raw_policy[slot], slow.root.priors, rtol=1e-4, atol=1e-7)
    assert result.visits[slot].tolist() == [slow.root.n(action) for action in range(len(expected))]
    assert result.actions[slot] == slow.choose()
