"""Tests of the Gumbel policy target at every move of whole games, against the paper's formulas in numpy.

There are two conventions, which must not be mixed (Danihelka et al. 2022):

    raw        sigma(q) = (c_visit + max N) * c_scale * q, q in [-1, 1], c_scale 0.5 here, 1 in MiniZero
    rescaled   the same with q rescaled from its smallest and largest value to [0, 1], c_scale 0.1 (mctx)

0.1 on raw q makes the target far too flat.
"""

import math

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, game_kernels, geometry, rules
from alphazero.search import interface, lockstep
from alphazero.search import tree as trees

SIZE, SIMULATIONS, CONSIDERED = 3, 24, 6
CONFIG = search_config.SearchConfig(num_simulations=SIMULATIONS, num_considered=CONSIDERED)


def softmax(logits):
    weights = np.exp(logits - logits.max())
    return weights / weights.sum()


def completed_q(priors, raw_value, visits, q):
    """q of visited actions, v_mix of others (appendix D)."""
    visited = visits > 0
    if not visited.any():
        return np.full(len(priors), raw_value)
    mean = (priors * q)[visited].sum() / priors[visited].sum()
    return np.where(visited, q, (raw_value + visits.sum() * mean) / (1 + visits.sum()))


def target(priors, visits, completed, c_scale, *, is_rescaled):
    allowed = priors > 0
    q = completed
    if is_rescaled:
        lowest, highest = q[allowed].min(), q[allowed].max()
        q = (q - lowest) / max(highest - lowest, 1e-8)
    sigma = (CONFIG.c_visit + visits.max()) * c_scale * q
    policy = np.zeros(len(priors))
    policy[allowed] = softmax(np.log(priors[allowed]) + sigma[allowed])
    return policy


def entropy(policy):
    return -(policy[policy > 0] * np.log(policy[policy > 0])).sum()


def read_root(tree, index, num_actions):
    """Visits [A] and q [A] at a root, float64, and the network's value."""
    visits, q = np.zeros(num_actions), np.zeros(num_actions)
    for action, child in trees.children(tree, index, trees.ROOT).items():
        record = tree.nodes[index, child]
        visits[action], q[action] = record["visits"], -record["value_sum"] / record["visits"]
    return visits, q, float(tree.nodes[index, trees.ROOT]["raw_value"])


def searches(seed, *, tree_reuse):
    """Plays four games without noise. Yields index, tree and row of the result for each search."""
    games = game_kernels.new_games(4, game_config.GameConfig(size=SIZE, move_limit=60))
    games["komi"] = [0.5, 0, -1.5, 3]
    tables, scratch = geometry.make(SIZE), board.make_scratch(SIZE * SIZE)
    config = search_config.SearchConfig(
        num_simulations=SIMULATIONS, num_considered=CONSIDERED, tree_reuse=tree_reuse
    )
    search = lockstep.LockstepSearch(config, games, np.random.default_rng(seed))
    network, rng = evaluators.HashedEvaluator(SIZE, seed), np.random.default_rng(seed)
    options = interface.SearchOptions(num_simulations=SIMULATIONS, num_considered=CONSIDERED)
    while not games["over"].all():
        indices = np.flatnonzero(~games["over"])
        result = search.search(indices, network, options)
        for slot, index in enumerate(indices):
            yield int(index), search.tree, interface.SearchResult(*(part[slot] for part in result))
        # Moves are drawn from the network's policy, so that the games differ and are long.
        actions = np.array(
            [rng.choice(len(row), p=row / row.sum()) for row in result.raw_policy.astype(float)]
        )
        for index, action in zip(indices, actions, strict=True):
            assert game_kernels.play(tables, games, scratch, int(index), int(action)) == rules.OK
        search.advance(indices, actions)


@pytest.mark.parametrize("tree_reuse", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_target_and_value_are_the_papers(seed, tree_reuse):
    count, others = 0, 0
    for index, tree, result in searches(seed, tree_reuse=tree_reuse):
        priors = result.raw_policy.astype(np.float64)
        visits, q, raw_value = read_root(tree, index, len(priors))
        completed = completed_q(priors, raw_value, visits, q)
        expected = target(priors, visits, completed, 0.5, is_rescaled=False)
        np.testing.assert_allclose(result.policy, expected, rtol=1e-3, atol=1e-6)
        assert result.values == pytest.approx((expected * completed).sum(), abs=1e-4)
        np.testing.assert_array_equal(result.visits, visits)
        rescaled = target(priors, visits, completed, 0.1, is_rescaled=True)
        others += abs(rescaled - expected).max() > 0.01
        count += 1
    assert count > 20
    assert others > count / 2, "the test could not tell the two conventions apart"


def test_a_tenth_on_raw_values_is_too_flat():
    """A mixture of the conventions, which the settings must not reach by mistake."""
    right, flat = [], []
    for index, tree, result in searches(0, tree_reuse=False):
        priors = result.raw_policy.astype(np.float64)
        visits, q, raw_value = read_root(tree, index, len(priors))
        completed = completed_q(priors, raw_value, visits, q)
        right.append(entropy(result.policy.astype(np.float64)))
        flat.append(entropy(target(priors, visits, completed, 0.1, is_rescaled=False)))
    assert np.mean(right) < 0.5 * np.mean(flat)


def test_the_move_and_the_visits_follow_sequential_halving():
    """Without kept subtrees the visits are those of the rounds, and the best of the last round is played."""
    for index, tree, result in searches(1, tree_reuse=False):
        priors = result.raw_policy.astype(np.float64)
        visits, q, _ = read_root(tree, index, len(priors))
        num_considered = min(CONSIDERED, int((priors > 0).sum()))
        if tree.nodes[index, trees.ROOT]["is_terminal"]:
            continue
        assert sorted(visits[visits > 0].astype(int), reverse=True) == rounds(num_considered)
        with np.errstate(divide="ignore"):
            scores = np.log(priors) + (50 + visits.max()) * 0.5 * q
        finalists = np.flatnonzero(visits == visits.max())
        assert result.actions == finalists[np.argmax(scores[finalists])]
        # The considered actions are those with the largest priors.
        largest = np.sort(priors)[::-1][:num_considered]
        np.testing.assert_array_equal(np.sort(priors[visits > 0])[::-1], largest)


def rounds(num_considered):
    """Visits of each considered action in descending order, for 24 simulations (algorithm 2 of the paper)."""
    if num_considered == 1:
        return [SIMULATIONS]
    visits, left, survivors = [0] * num_considered, SIMULATIONS, num_considered
    share = SIMULATIONS / math.ceil(math.log2(num_considered))
    while left:
        for _ in range(max(1, int(share // survivors))):
            for action in range(min(survivors, left)):
                visits[action] += 1
            left -= min(survivors, left)
        survivors = max(2, survivors // 2)
    return sorted(visits, reverse=True)
