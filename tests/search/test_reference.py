"""Tests of the kernels against the slow search: equal moves, and equal visits at every node of every tree.

The slow search computes in float64, but the kernels store float32. So a lead of about 1e-7 between two
actions can be reversed. The slow search therefore reports its closest choice. A search may differ only if the
lead of that choice was at most `reference_pair.CLOSE_CALL`, and only a few searches may. Any other difference
fails the test. With the uniform evaluator ties are exact in both and must be broken alike.
"""

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.search import constants, selection
from alphazero.search import tree as trees
from tests.search import reference_pair

ALGORITHMS = selection.PREPARE
KOMIS = [0.0, 0.5, -1.5, 7.0]
PLENTY = reference_pair.CAPACITY


def config(algorithm, **others):
    """Few simulations, with a c_base so small that it has an effect."""
    few = {"num_simulations": 16, "num_considered": 6, "c_base": 40.0}
    return search_config.SearchConfig(algorithm=algorithm, **(few | others))


def compare(pair, network, seed=0):
    """Plays all games to their ends and compares every search."""
    rng = np.random.default_rng(seed)
    while pair.play_on(network, rng):
        pass
    return pair.tally


def assert_alike(tally):
    assert len(tally.close_calls) <= tally.searches / 50, tally.close_calls


@pytest.mark.parametrize("is_noisy", [False, True])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_whole_games_on_3x3(algorithm, is_noisy):
    pair = reference_pair.ReferencePair(
        config(algorithm), 3, KOMIS, limits=[40, 9, 20, PLENTY], is_noisy=is_noisy
    )
    tally = compare(pair, evaluators.HashedEvaluator(3, seed=1))
    assert_alike(tally)
    assert tally.nodes > 300 and tally.ends > 50 and tally.reused > 5 and tally.passes > 5


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openings_on_5x5(algorithm):
    pair = reference_pair.ReferencePair(config(algorithm), 5, [0.5, 7.0], limits=[4, 5])
    tally = compare(pair, evaluators.HashedEvaluator(5, seed=2))
    assert not tally.close_calls and tally.nodes > 100


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_ties_are_broken_alike(algorithm):
    """All moves are equally good, so both implementations must take the first one."""
    pair = reference_pair.ReferencePair(config(algorithm), 3, KOMIS, limits=[7, 8, 9, 10])
    tally = compare(pair, evaluators.UniformEvaluator(3))
    assert not tally.close_calls and tally.searches > 10


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_descents_in_batches(algorithm):
    pair = reference_pair.ReferencePair(config(algorithm, leaf_batch=4), 3, KOMIS, limits=[40, 9, 20, PLENTY])
    tally = compare(pair, evaluators.HashedEvaluator(3, seed=3))
    assert_alike(tally)


def test_forced_playouts():
    many = config(search_config.Algorithm.puct, num_simulations=32, forced_playouts=2.0)
    tally = compare(
        reference_pair.ReferencePair(many, 3, KOMIS, is_noisy=True), evaluators.HashedEvaluator(3, seed=4)
    )
    assert_alike(tally)


def test_large_value_scale():
    """sigma spans more than 60 here, as it does after hundreds of simulations with other scales."""
    large = config(search_config.Algorithm.gumbel, c_scale=2.0, num_simulations=32)
    assert_alike(
        compare(reference_pair.ReferencePair(large, 3, KOMIS), evaluators.HashedEvaluator(3, seed=9))
    )


def test_often_visited_nodes_choose_by_puct():
    mixed = config(search_config.Algorithm.gumbel, gumbel_visits=4)
    assert_alike(
        compare(reference_pair.ReferencePair(mixed, 3, KOMIS), evaluators.HashedEvaluator(3, seed=6))
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_many_whole_games(algorithm, size, seed):
    settings_of = config(
        algorithm, num_simulations=[24, 40, 32, 17][seed], num_considered=[16, 4, 8, 3][seed]
    )
    limits = [PLENTY, 2 * size * size, size * size]
    pair = reference_pair.ReferencePair(
        settings_of, size, KOMIS[:3], limits=limits, seed=seed, is_noisy=seed % 2 == 1
    )
    tally = compare(pair, evaluators.HashedEvaluator(size, seed=seed), seed)
    assert_alike(tally)
    assert tally.superkos > 0 or size > 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"tree_reuse": False},
        {"leaf_batch": 4},
        {"leaf_batch": 16, "num_simulations": 40},
        {"num_simulations": 200},
        {"c_scale": 0.05, "c_init": 3.0, "fpu_reduction": 0.0},
        {"forced_playouts": 2.0, "num_simulations": 48},
        {"forced_playouts": 2.0, "num_simulations": 48, "leaf_batch": 4},
        {"utility_stdev_scale": 0.85, "num_simulations": 64, "leaf_batch": 4},
        {"lcb_stdevs": 5.0, "num_simulations": 64},
    ],
    ids=str,
)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_other_settings(algorithm, options):
    pair = reference_pair.ReferencePair(
        config(algorithm, **options), 3, KOMIS, is_noisy="forced_playouts" in options
    )
    assert_alike(compare(pair, evaluators.HashedEvaluator(3, seed=5)))


@pytest.mark.slow
@pytest.mark.parametrize("suicide", [False, True])
@pytest.mark.parametrize("ko", list(game_config.Ko))
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_other_rules(algorithm, ko, suicide):
    pair = reference_pair.ReferencePair(
        config(algorithm, num_simulations=32), 3, KOMIS, ko=ko, suicide=suicide
    )
    assert_alike(compare(pair, evaluators.HashedEvaluator(3, seed=8)))


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_ends_that_weigh_the_score(algorithm):
    outcome = constants.OutcomeValue(score_weight=0.3, score_scale=5.0)
    pair = reference_pair.ReferencePair(config(algorithm, num_simulations=32), 3, KOMIS, outcome=outcome)
    assert_alike(compare(pair, evaluators.HashedEvaluator(3, seed=6)))


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_kept_subtrees_that_lose_nodes(algorithm):
    """Kept subtrees lose all but their oldest nodes, because there is memory for only four."""
    kept, num_simulations = 4, 20
    num_nodes = num_simulations + kept + 1
    megabytes = (num_nodes + 0.5) * trees.bytes_per_node(17) * len(KOMIS) / 2**20
    small = config(algorithm, num_simulations=num_simulations, tree_megabytes=megabytes)
    pair = reference_pair.ReferencePair(small, 4, KOMIS, kept_limit=kept)
    tally = compare(pair, evaluators.HashedEvaluator(4, seed=7))
    assert_alike(tally)
    assert pair.most_kept == kept, "no subtree was large enough to be cut"
