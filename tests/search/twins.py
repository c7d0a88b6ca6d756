"""The kernels and the slow search of tests/reference side by side on the same games."""

import os
from dataclasses import dataclass, field

import numpy as np
import pytest

from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, game, geometry, rules
from alphazero.search import lockstep
from alphazero.search import settings as search_settings
from alphazero.search import tree as trees
from tests.reference import board as slow_board
from tests.reference import search as slow

CAPACITY = 60
"""Room of every game in the tests of the search, so that kernels are compiled once for each size."""
needs_compiled_kernels = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="too slow, or rounds otherwise, uncompiled"
)
CLOSE_CALL = 1e-5
"""A lead, in units of the value, that float32 may turn round."""


@dataclass
class Tally:
    """What has been compared."""

    games: int = 0
    searches: int = 0
    nodes: int = 0
    ends: int = 0
    superkos: int = 0
    """Positions in the trees where superko forbids a move."""
    reused: int = 0
    passes: int = 0
    excused: list[str] = field(default_factory=list)
    """Searches that differ after a choice by a lead below CLOSE_CALL."""


def options_of(config: search_config.SearchConfig, outcome: search_settings.Outcome) -> slow.Options:
    """The slow search's options for a configuration of the fast one."""
    names = slow.Options.__dataclass_fields__.keys() & config.__dataclass_fields__.keys()
    return slow.Options(
        is_gumbel=config.algorithm is search_config.Algorithm.gumbel,
        score_weight=outcome.score_weight,
        score_scale=outcome.score_scale,
        **{name: getattr(config, name) for name in names},
    )


class Twins:
    """One batch of games, searched by both."""

    def __init__(
        self,
        config: search_config.SearchConfig,
        size: int,
        komis: list[float],
        *,
        limits: list[int] | None = None,
        seed: int = 0,
        is_noisy: bool = False,
        outcome: search_settings.Outcome = search_settings.ONLY_WINNING,
        ko: game_config.Ko = game_config.Ko.positional,
        suicide: bool = False,
        kept_limit: int | None = None,
    ) -> None:
        """komis, limits: komi and move limit of each game; kept_limit: nodes that a move keeps at most."""
        count, limits = len(komis), limits or [CAPACITY] * len(komis)
        self.config, self.size, self.is_noisy = config, size, is_noisy
        game_rules = game_config.GameConfig(size=size, move_limit=CAPACITY, ko=ko, suicide=suicide)
        self.games = game.new_games(count, game_rules)
        self.games["komi"], self.games["move_limit"] = komis, limits
        self.tables, self.scratch = geometry.make(size), board.make_scratch(size * size)
        self.search = lockstep.LockstepSearch(config, self.games, np.random.default_rng(seed), outcome)
        self.noise = np.random.default_rng(seed)
        self.options = options_of(config, outcome)
        slow_game = slow_board.Game(size, suicide=suicide, ko=ko.value)
        self.slow = [
            slow.Search(slow.Position(slow_game, komi, min(limit, CAPACITY)), self.options)
            for komi, limit in zip(komis, limits, strict=True)
        ]
        self.kept_limit = kept_limit or 2 * config.num_simulations + 1
        self.most_kept = 0
        self.tally = Tally(games=count)

    def play_on(self, evaluator, rng: np.random.Generator) -> bool:
        """Searches every game that is not over, compares, and plays a move in each; False at the end."""
        indices = np.flatnonzero(~self.games["over"])
        if not len(indices):
            return False
        # Passing is forbidden now and then, as self-play does.
        forbid_pass = rng.random(len(indices)) < 0.2
        result = self.search.search(
            indices,
            evaluator,
            lockstep.SearchOptions(
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
        """Draws the numbers that the fast search has drawn from its generator, in the same order."""
        twins = [self.slow[index] for index in indices]
        shape = (len(twins), self.size**2 + 1)
        if self.options.is_gumbel:
            for twin, noise in zip(twins, self.noise.gumbel(size=shape), strict=True):
                twin.add_gumbel(noise)
            return
        num_allowed = np.array([[(twin.priors > 0).sum()] for twin in twins])
        alphas = np.broadcast_to(self.config.noise_concentration / num_allowed, shape)
        for twin, gammas in zip(twins, self.noise.standard_gamma(alphas), strict=True):
            twin.add_dirichlet(gammas, self.config.noise_fraction)

    def _compare(self, index: int, slot: int, result: lockstep.SearchResult) -> None:
        twin, tally = self.slow[index], self.tally
        tally.searches += 1
        tally.superkos += sum(node.position.has_superko for node in twin.root.walk())
        try:
            num_nodes, num_ends = compare_trees(self.search.tree, index, trees.ROOT, twin.root)
            compare_results(result, slot, twin)
        except AssertionError as difference:
            if twin.closest_call > CLOSE_CALL:
                raise
            tally.excused.append(str(difference))
            self._start_again(index)
            return
        tally.nodes += num_nodes
        tally.ends += num_ends

    def _start_again(self, index: int) -> None:
        """Drops both trees after a difference that rounding explains."""
        self.search.reset(np.array([index]))
        self.slow[index] = slow.Search(self.slow[index].root.position, self.options)

    def _moves(self, indices, result, rng) -> np.ndarray:
        """The chosen moves, now and then another legal one, which need not be in the tree."""
        actions = result.actions.copy()
        for slot, index in enumerate(indices):
            if rng.random() < 0.3:
                actions[slot] = rng.choice(self.slow[index].root.position.legal())
        return actions

    def _play(self, indices, actions) -> None:
        for index, action in zip(indices, actions, strict=True):
            status = game.play(self.tables, self.games, self.scratch, int(index), int(action))
            assert status == rules.OK
            self.tally.passes += int(action) == self.size**2
        self.search.advance(indices, actions)
        for index, action in zip(indices, actions, strict=True):
            self.slow[index].play(int(action), self.kept_limit)
            self.most_kept = max(self.most_kept, int(self.search.tree.num_nodes[index]))
            if not self.config.tree_reuse:
                self._start_again(int(index))


def compare_trees(tree, index: int, node: int, twin: slow.Node) -> tuple[int, int]:
    """Asserts equal visits, values and ends at every node; returns how many nodes and ends there are."""
    where = f"game {index}, after {twin.position.game.moves}"
    record = tree.nodes[index, node]
    assert record["visits"] == twin.visits, where
    assert record["is_terminal"] == twin.is_terminal, where
    assert record["raw_value"] == pytest.approx(twin.raw_value, abs=1e-6), where
    assert record["value_sum"] / twin.visits == pytest.approx(twin.mean, abs=1e-5), where
    below = trees.children(tree, index, node)
    assert below.keys() == twin.children.keys(), where
    num_nodes, num_ends = 1, int(twin.is_terminal)
    for action, child in below.items():
        prior = tree.nodes[index, child]["prior"]
        assert prior == pytest.approx(twin.priors[action], rel=1e-4, abs=1e-7), where
        more_nodes, more_ends = compare_trees(tree, index, child, twin.children[action])
        num_nodes, num_ends = num_nodes + more_nodes, num_ends + more_ends
    return num_nodes, num_ends


def compare_results(result: lockstep.SearchResult, slot: int, twin: slow.Search) -> None:
    """Asserts the same move, policy, value and visits."""
    expected = twin.policy()
    np.testing.assert_allclose(result.policy[slot], expected, rtol=2e-3, atol=1e-5)
    np.testing.assert_allclose(result.values[slot], twin.value(), atol=1e-4)
    np.testing.assert_allclose(result.raw_policy[slot], twin.root.priors, rtol=1e-4, atol=1e-7)
    assert result.visits[slot].tolist() == [twin.root.n(action) for action in range(len(expected))]
    assert result.actions[slot] == twin.choose()
