"""Tests of reports: sums recomputed by a walk over the tree, and the choice of the search."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import game_kernels
from alphazero.search import inspection, interface, lockstep
from alphazero.search import tree as trees

SIZE = 5
RULES = game_config.GameConfig(size=SIZE, komi=7, move_limit=60)
FIRST = np.zeros(1, np.int64)
CONFIG = search_config.SearchConfig(algorithm=search_config.Algorithm.puct, num_simulations=200)


def new_search(config=CONFIG):
    return lockstep.LockstepSearch(config, game_kernels.new_games(1, RULES), np.random.default_rng(0))


def run(search, num_simulations=200, **options):
    hashed = evaluators.HashedEvaluator(SIZE, seed=3)
    return search.search(
        FIRST, hashed, interface.SearchOptions(num_simulations=num_simulations, num_considered=8, **options)
    )


def values_below(tree, node):
    """All values that were backed up through a node, seen by its player to move."""
    record = tree.nodes[0, node]
    children = trees.children(tree, 0, node).values()
    own = int(record["visits"]) - sum(int(tree.nodes[0, child]["visits"]) for child in children)
    below = [-value for child in children for value in values_below(tree, child)]
    return [float(record["raw_value"])] * own + below


def test_moves_are_in_the_order_in_which_the_search_would_play_them():
    search = new_search()
    result = run(search)
    report = inspection.report(search.tree, 0)
    visited = [move for move in report.moves if move.visits]
    assert report.moves[0].action == result.actions[0]
    assert [move.visits for move in visited] == sorted((move.visits for move in visited), reverse=True)
    assert {move.action: move.visits for move in visited} == {
        action: visits for action, visits in enumerate(result.visits[0].tolist()) if visits
    }
    assert report.value == pytest.approx(result.values[0])
    assert report.visits == 201, "the root's own evaluation counts"


def test_moves_without_visits_follow_by_their_priors():
    search = new_search()
    result = run(search, num_simulations=3)
    report = inspection.report(search.tree, 0)
    assert len(report.moves) == SIZE**2 + 1
    rest = report.moves[sum(move.visits > 0 for move in report.moves) :]
    assert [move.prior for move in rest] == sorted((move.prior for move in rest), reverse=True)
    assert all(move.value == report.value and move.lower_bound == -1 for move in rest)
    priors = {move.action: move.prior for move in report.moves}
    np.testing.assert_allclose([priors[action] for action in range(26)], result.raw_policy[0], rtol=1e-6)


def test_lower_bounds_are_student_s_on_the_values_that_were_backed_up():
    search = new_search()
    run(search)
    search.advance(FIRST, np.array([inspection.report(search.tree, 0).moves[0].action]))
    search._games[0]["to_play"] = 3 - search._games[0]["to_play"]  # any other position will do
    run(search)
    children = trees.children(search.tree, 0, trees.ROOT)
    num_checked = 0
    for move in inspection.report(search.tree, 0).moves:
        if move.visits < 2:
            assert move.lower_bound == -1
            continue
        values = [-value for value in values_below(search.tree, children[move.action])]
        assert len(values) == move.visits
        assert np.mean(values) == pytest.approx(move.value)
        quantile = stats.t.isf(1e-5, move.visits - 1)
        bound = np.mean(values) - quantile * np.std(values, ddof=1) / np.sqrt(move.visits)
        assert move.lower_bound == pytest.approx(max(bound, -1))
        num_checked += bound > -1
    assert num_checked >= 1


def test_variations_follow_the_most_visited_answers():
    search = new_search()
    run(search)
    tree = search.tree
    for move in inspection.report(tree, 0).moves[:3]:
        node = trees.children(tree, 0, trees.ROOT)[move.action]
        for action, visits in zip(move.line, move.line_visits, strict=True):
            assert tree.nodes[0, node]["action"] == action
            assert tree.nodes[0, node]["visits"] == visits
            answers = trees.children(tree, 0, node).values()
            node = max(answers, key=lambda child: tree.nodes[0, child]["visits"], default=None)
        assert node is None or len(move.line) == inspection.LONGEST_LINE


def test_reports_between_steps_and_before_the_first():
    search = new_search(dataclasses.replace(CONFIG, leaf_batch=4))
    assert inspection.report(search.tree, 0).moves == []
    totals = []

    def count_visits():
        totals.append(sum(move.visits for move in inspection.report(search.tree, 0).moves))
        return False

    run(search, num_simulations=40, should_stop=count_visits)
    assert totals[0] == 0 and totals == sorted(totals) and totals[-1] >= 30


def test_without_bounds_they_are_the_least_value():
    search = new_search()
    run(search)
    moves = inspection.report(search.tree, 0, with_bounds=False).moves
    assert {move.lower_bound for move in moves} == {-1.0}


def test_moves_that_are_not_allowed_get_no_visits():
    search = new_search()
    allowed = np.zeros((1, 26), bool)
    allowed[0, [3, 7, 25]] = True
    result = run(search, allowed=allowed)
    assert set(np.flatnonzero(result.visits[0])) == {3, 7, 25}
    assert result.actions[0] in (3, 7, 25)
    # A later search does not choose a forbidden move because of its earlier visits.
    allowed[0] = ~allowed[0]
    result = run(search, allowed=allowed, num_simulations=10)
    assert result.actions[0] not in (3, 7, 25)


def test_all_moves_are_allowed_if_no_allowed_move_is_legal():
    games = game_kernels.new_games(1, RULES)
    search = lockstep.LockstepSearch(CONFIG, games, np.random.default_rng(0))
    assert run(search, num_simulations=10, allowed=np.zeros((1, 26), bool)).visits.sum() == 10


def test_gumbel_keeps_to_the_allowed_moves():
    config = search_config.SearchConfig(num_simulations=40)
    allowed = np.zeros((1, 26), bool)
    allowed[0, [3, 7]] = True
    result = run(new_search(config), num_simulations=40, allowed=allowed)
    assert {action: result.visits[0, action] for action in np.flatnonzero(result.visits[0])} == {3: 20, 7: 20}
