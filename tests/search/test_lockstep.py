"""Tests of the search's interface: legal moves, repeatability, independent games, values of ends."""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, game_kernels, geometry, rules
from alphazero.search import constants, interface, lockstep, selection
from alphazero.search import tree as trees

SIZE = 5
PASS = SIZE * SIZE
RULES = game_config.GameConfig(size=SIZE, komi=7, move_limit=60)
ALGORITHMS = selection.PREPARE


def new_search(games, algorithm, num_simulations=24, seed=0, tree_reuse=True):
    config = search_config.SearchConfig(
        algorithm=algorithm, num_simulations=num_simulations, num_considered=8, tree_reuse=tree_reuse
    )
    return lockstep.LockstepSearch(config, games, np.random.default_rng(seed))


def play(games, indices, actions):
    tables, scratch = geometry.make(SIZE), board.make_scratch(SIZE * SIZE)
    for index, action in zip(indices, actions, strict=True):
        assert game_kernels.play(tables, games, scratch, int(index), int(action)) == rules.OK


def options(num_simulations=24, **others):
    return interface.SearchOptions(num_simulations=num_simulations, num_considered=8, **others)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_games_in_a_batch_do_not_influence_one_another(algorithm):
    hashed = evaluators.HashedEvaluator(SIZE, seed=1)
    openings = [[3, 7], [12], [], [6, 8, 16]]
    together = game_kernels.new_games(len(openings), RULES)
    for index, moves in enumerate(openings):
        for move in moves:
            play(together, [index], [move])
    indices = np.arange(len(openings))
    batch = new_search(together, algorithm).search(indices, hashed, options())
    for index in indices:
        alone = together[index : index + 1].copy()
        single = new_search(alone, algorithm).search(np.array([0]), hashed, options())
        np.testing.assert_array_equal(single.visits[0], batch.visits[index])
        np.testing.assert_array_equal(single.policy[0], batch.policy[index])
        assert single.actions[0] == batch.actions[index]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_simulation_is_one_visit_and_at_most_one_evaluation(algorithm):
    games = game_kernels.new_games(3, RULES)
    search = new_search(games, algorithm)
    result = search.search(np.arange(3), evaluators.HashedEvaluator(SIZE), options())
    assert (result.visits.sum(axis=1) == 24).all()
    assert search.num_evaluations <= 3 * 25
    np.testing.assert_allclose(result.policy.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_kept_subtree_keeps_its_statistics(algorithm):
    games = game_kernels.new_games(1, RULES)
    search = new_search(games, algorithm)
    index = np.array([0])
    result = search.search(index, evaluators.HashedEvaluator(SIZE), options())
    action = int(result.actions[0])
    child = child_of_root(search.tree, action)
    before = search.tree.nodes[0, child].copy()
    priors = _priors(search.tree, child)
    grandchildren = _statistics(search.tree, child)
    search.advance(index, result.actions)
    after = search.tree.nodes[0, trees.ROOT]
    for name in ("visits", "value_sum", "raw_value", "is_terminal"):
        assert after[name] == before[name]
    np.testing.assert_array_equal(_priors(search.tree, trees.ROOT), priors)
    assert _statistics(search.tree, trees.ROOT) == grandchildren


def child_of_root(tree, action):
    return trees.children(tree, 0, trees.ROOT)[int(action)]


def mean_value(tree, node):
    """Mean value of a node, seen by its player to move."""
    return tree.nodes[0, node]["value_sum"] / tree.nodes[0, node]["visits"]


def _priors(tree, node):
    priors = np.zeros(tree.unvisited.shape[2], np.float32)
    trees.read_priors(tree, np.int64(0), np.int64(node), priors)
    return priors


def _statistics(tree, node):
    """Visits, values and priors of all nodes below a node, by action."""
    below = {}
    for action, child in trees.children(tree, 0, node).items():
        record = tree.nodes[0, child]
        numbers = (int(record["visits"]), float(record["value_sum"]), float(record["prior"]))
        below[action] = (*numbers, _priors(tree, child).tolist(), _statistics(tree, child))
    return below


def test_without_reuse_the_tree_is_dropped():
    games = game_kernels.new_games(1, RULES)
    search = new_search(games, search_config.Algorithm.puct, tree_reuse=False)
    result = search.search(np.array([0]), evaluators.HashedEvaluator(SIZE), options())
    search.advance(np.array([0]), result.actions)
    assert search.tree.num_nodes[0] == 0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_forbidden_pass_is_neither_played_nor_a_target(algorithm):
    games = game_kernels.new_games(2, RULES)
    forbid = np.array([True, False])
    result = new_search(games, algorithm).search(
        np.arange(2), PassLover(), options(forbid_pass=forbid, is_noisy=True)
    )
    assert result.policy[0, PASS] == 0 and result.actions[0] != PASS
    assert result.policy[1, PASS] > 0


class PassLover(evaluators.UniformEvaluator):
    """Gives the pass nearly all of the policy."""

    def __init__(self):
        super().__init__(SIZE)

    def evaluate(self, inputs):
        logits, values, *_ = super().evaluate(inputs)
        logits[:, PASS] = 20
        return evaluators.Outputs(logits, values)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_pass_that_wins_answers_a_pass(algorithm):
    """Black owns nothing and passes; White, ahead by komi, ends the game."""
    games = game_kernels.new_games(1, RULES)
    play(games, [0], [PASS])
    result = new_search(games, algorithm).search(np.array([0]), evaluators.HashedEvaluator(SIZE), options())
    assert result.actions[0] == PASS and result.values[0] == 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("is_hopeful", [True, False])
@pytest.mark.parametrize("is_noisy", [False, True])
def test_when_a_losing_pass_is_a_candidate(algorithm, is_hopeful, is_noisy):
    """White has passed and leads by komi. A pass loses, so it is right only if all other moves lose more."""
    games = game_kernels.new_games(1, RULES)
    for action in (12, PASS):
        play(games, [0], [action])
    config = search_config.SearchConfig(algorithm=algorithm, num_simulations=24, num_considered=8)
    # A narrow loss is mean_value more than -1, so that the values can differ.
    outcome = constants.OutcomeValue(score_weight=0.5, score_scale=10)
    games[0]["komi"] = 26
    search = lockstep.LockstepSearch(config, games, np.random.default_rng(0), outcome)
    search.search(np.array([0]), Opinion(0.5 if is_hopeful else -0.9), options(is_noisy=is_noisy))
    assert (_priors(search.tree, trees.ROOT)[PASS] > 0) == (not is_hopeful or not is_noisy)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_pass_has_an_exact_value_if_the_answer_wins(algorithm):
    """Black is behind. A pass of Black has an exact value at once: White answers with a pass."""
    games = game_kernels.new_games(1, RULES)
    search = new_search(games, algorithm)
    search.search(np.array([0]), PassLover(), options())
    child = child_of_root(search.tree, PASS)
    assert search.tree.nodes[0, child]["is_terminal"]
    assert mean_value(search.tree, child) == 1


class Opinion(evaluators.UniformEvaluator):
    """Gives every position the same value."""

    def __init__(self, value):
        super().__init__(SIZE)
        self._value = value

    def evaluate(self, inputs):
        logits, values, *_ = super().evaluate(inputs)
        return evaluators.Outputs(logits, values + np.float32(self._value))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_outcomes_weigh_the_score_as_told(algorithm):
    """One move before the limit: the best end is mean_value (1 - w) + w * tanh(margin / scale)."""
    games = game_kernels.new_games(1, game_config.GameConfig(size=SIZE, komi=0.5, move_limit=1), capacity=60)
    config = search_config.SearchConfig(algorithm=algorithm, num_simulations=32, num_considered=16)
    outcome = constants.OutcomeValue(score_weight=0.2, score_scale=10)
    search = lockstep.LockstepSearch(config, games, np.random.default_rng(0), outcome)
    result = search.search(np.array([0]), evaluators.UniformEvaluator(SIZE), options(32))
    assert result.actions[0] != PASS
    child = child_of_root(search.tree, result.actions[0])
    assert -mean_value(search.tree, child) == pytest.approx(0.8 + 0.2 * np.tanh(24.5 / 10), abs=1e-6)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_terminal_leaves_are_exact(algorithm):
    """One move before the limit each move ends the game, so values are exact.

    White has passed and Black leads with komi 0, so all moves win.
    """
    limit = game_config.GameConfig(size=SIZE, komi=0, move_limit=3)
    games = game_kernels.new_games(1, limit, capacity=60)
    play(games, [0], [12])
    play(games, [0], [PASS])
    result = new_search(games, algorithm).search(np.array([0]), evaluators.HashedEvaluator(SIZE), options())
    assert result.values[0] > 0.9


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_winning_moves_are_found(algorithm):
    """2x2, komi 0, Black plays the last move: a stone wins by a point, a pass draws."""
    games = game_kernels.new_games(1, game_config.GameConfig(size=2, komi=0, move_limit=3))
    tables, scratch = geometry.make(2), board.make_scratch(4)
    for action in (0, 3):
        assert game_kernels.play(tables, games, scratch, 0, action) == rules.OK
    config = search_config.SearchConfig(algorithm=algorithm, num_simulations=32, num_considered=8)
    search = lockstep.LockstepSearch(config, games, np.random.default_rng(0))
    result = search.search(np.array([0]), evaluators.UniformEvaluator(2), options(32))
    assert result.actions[0] in (1, 2)
    assert result.policy[0, [1, 2]].sum() > 0.9


def test_same_seed_same_search():
    games = game_kernels.new_games(4, RULES)
    results = [
        new_search(games, search_config.Algorithm.gumbel, seed=5).search(
            np.arange(4), evaluators.HashedEvaluator(SIZE), options(is_noisy=True)
        )
        for _ in range(2)
    ]
    np.testing.assert_array_equal(results[0].visits, results[1].visits)
    np.testing.assert_array_equal(results[0].actions, results[1].actions)


def test_noise_reaches_the_root():
    games = game_kernels.new_games(32, RULES)
    for algorithm in ALGORITHMS:
        result = new_search(games, algorithm).search(
            np.arange(32), evaluators.UniformEvaluator(SIZE), options(is_noisy=True)
        )
        assert len(set(result.actions.tolist())) > 5
