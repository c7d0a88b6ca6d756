"""Tests of searches against the game-theoretic value: whole games on 2x2, ends of games on 3x3.

The value comes from alpha-beta over the reference board, with superko. On 2x2 Black wins by one point, so the
value depends on the komi: a win at 0.5, a draw at 1, a loss at 1.5.
"""

from typing import NamedTuple

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, game_kernels, geometry, rules
from alphazero.search import interface, lockstep
from alphazero.search import tree as trees
from tests.reference import board as reference_board
from tests.reference import search as reference_search
from tests.reference import solver
from tests.search import reference_pair

GUMBEL, PUCT = search_config.Algorithm.gumbel, search_config.Algorithm.puct
NEARER = 0.5
"""A value with a smaller error is closer to the true outcome than to any other."""


class Case(NamedTuple):
    komi: float
    moves: str
    value: int  # for the player to move
    best: str


ON_2X2 = [
    Case(0.5, "", 1, "A1 B1 A2 B2"),
    Case(1, "", 0, "A1 B1 A2 B2"),
    Case(1.5, "", -1, "A1 B1 A2 B2 pass"),
    Case(0.5, "A1", -1, "B1 A2 B2 pass"),
    Case(1, "A1", 0, "B2"),
    Case(1.5, "A1", 1, "B2"),
    Case(0.5, "A1 B2", 1, "B1 A2"),
    Case(1, "A1 B2", 0, "B1 A2"),
    Case(1.5, "A1 B1", 1, "B2"),
    Case(1, "A1 B1 B2", -1, "pass"),
    Case(0.5, "pass", 1, "A1 B1 A2 B2 pass"),
    Case(0.5, "A1 pass", 1, "B2 pass"),
    Case(-0.5, "A1 B2 B1", -1, "A2 pass"),
    Case(0.5, "B2 pass A1 pass B1", 1, "A2"),
    Case(1, "B1 pass A1 B2", -1, "A2 pass"),
    Case(1, "pass A2 B1 A1 B2", 1, "A1"),
    Case(1, "B2 B1 A2 pass", 0, "pass"),
]


def position_of(case, size, move_limit=reference_pair.CAPACITY):
    position = reference_search.Position(reference_board.Game(size, suicide=False), case.komi, move_limit)
    for name in case.moves.split():
        position = position.after(rules.parse_move(name, size))
    return position


def search_all(cases, size, network, algorithm, num_simulations, move_limit=reference_pair.CAPACITY):
    """Searches all cases in one batch. Returns the search and its result."""
    games = game_kernels.new_games(
        len(cases), game_config.GameConfig(size=size, move_limit=reference_pair.CAPACITY)
    )
    tables, scratch = geometry.make(size), board.make_scratch(size * size)
    for index, case in enumerate(cases):
        games[index]["komi"], games[index]["move_limit"] = case.komi, move_limit
        for name in case.moves.split():
            action = rules.parse_move(name, size)
            assert game_kernels.play(tables, games, scratch, index, action) == rules.OK
    config = search_config.SearchConfig(algorithm=algorithm, num_simulations=num_simulations)
    search = lockstep.LockstepSearch(config, games, np.random.default_rng(0))
    options = interface.SearchOptions(num_simulations=num_simulations)
    return search, search.search(np.arange(len(cases)), network, options)


def mistakes(cases, size, result, tolerance):
    """Cases with a wrong move or value, each with the move and value found."""
    found = []
    for case, action, value in zip(cases, result.actions, result.values, strict=True):
        move = rules.format_move(int(action), size)
        if move not in case.best.split() or abs(value - case.value) > tolerance:
            found.append((case, move, round(float(value), 2)))
    return found


@pytest.mark.parametrize("case", ON_2X2, ids=lambda case: f"komi {case.komi}: {case.moves}")
def test_2x2_by_brute_force(case):
    value, best = solver.best_moves(position_of(case, 2))
    assert value == case.value
    assert {rules.format_move(action, 2) for action in best} == set(case.best.split())


@reference_pair.needs_compiled_kernels
@pytest.mark.parametrize("network", [evaluators.UniformEvaluator, evaluators.HashedEvaluator])
def test_puct_solves_2x2(network):
    """With 2048 simulations of whole games even random network outputs are corrected."""
    _, result = search_all(ON_2X2, 2, network(2), PUCT, 2048)
    assert mistakes(ON_2X2, 2, result, NEARER) == []


@pytest.mark.slow
@pytest.mark.parametrize("network", [evaluators.UniformEvaluator, evaluators.HashedEvaluator])
def test_gumbel_solves_2x2(network):
    _, result = search_all(ON_2X2, 2, network(2), GUMBEL, 8192)
    assert mistakes(ON_2X2, 2, result, NEARER) == []


@pytest.mark.parametrize("algorithm", [GUMBEL, PUCT])
def test_ends_are_exact_and_draws_are_zero(algorithm):
    """Every end in the tree has the reference's value. With komi 1 some ends are draws.

    Losses exist only because of the move limit: a search does not pass into a loss.
    """
    cases = [case for case in ON_2X2 if case.komi == 1]
    search, _ = search_all(cases, 2, evaluators.HashedEvaluator(2, seed=1), algorithm, 256, move_limit=8)
    values = []
    for index, case in enumerate(cases):
        values += ends(search.tree, index, trees.ROOT, position_of(case, 2, move_limit=8))
    assert set(values) == {-1, 0, 1}


def ends(tree, index, node, position):
    """Checked values of the ends below a node."""
    record = tree.nodes[index, node]
    if record["is_terminal"]:
        expected = np.sign(position.margin())
        assert position.is_over or (position.is_after_pass and expected > 0)
        assert record["raw_value"] == expected
        assert record["value_sum"] == expected * record["visits"]
        return [int(expected)]
    assert not position.is_over
    below = trees.children(tree, index, node)
    return [value for a, child in below.items() for value in ends(tree, index, child, position.after(a))]


def settled_value(position, is_hopeful):
    """`solver.value` under the search's treatment of a second pass (docs/adr/0019).

    is_hopeful: whether the network always expects more than a draw.
    """
    margin = position.margin()
    if position.is_over or (position.is_after_pass and margin > 0):
        return (margin > 0) - (margin < 0)
    legal = position.legal()
    if position.is_after_pass and len(legal) > 1 and (margin < 0 or is_hopeful):
        legal.remove(position.num_actions - 1)
    found = -1
    for action in reversed(legal):
        found = max(found, -settled_value(position.after(action), is_hopeful))
        if found == 1:
            break
    return found


@pytest.mark.parametrize("is_hopeful", [False, True])
def test_settling_passes_keeps_the_value_without_draws(is_hopeful):
    """With a komi of half a point there are only wins and losses.

    A win is the best result, so taking it at once costs nothing. A loss is the worst result, so excluding it
    costs nothing if there is another move.
    """
    late = [case for case in ON_2X2 if case.komi % 1 and len(case.moves.split()) >= 2]
    assert len(late) >= 4
    for case in late:
        assert settled_value(position_of(case, 2), is_hopeful) == case.value, case


class Hopeful(evaluators.UniformEvaluator):
    """Gives every position the value 0.5."""

    def evaluate(self, inputs):
        logits, values, *_ = super().evaluate(inputs)
        return evaluators.Outputs(logits, values + np.float32(0.5))


@reference_pair.needs_compiled_kernels
@pytest.mark.parametrize("algorithm", [GUMBEL, PUCT])
def test_a_draw_is_not_given_up_for_hope(algorithm):
    """White has passed in a drawn position, and every move except a pass loses. A long search must pass."""
    draws = [Case(1, f"{moves} pass", 0, "pass") for moves in ("B2 B1 A2", "B2 A2 B1", "A1 B1 A2")]
    _, result = search_all(draws, 2, Hopeful(2), algorithm, 512)
    assert mistakes(draws, 2, result, NEARER) == []


def late_3x3(seed, num_moves, moves_left):
    """A position on 3x3 after random moves; None if the game is over or all moves are equally good."""
    rng = np.random.default_rng(seed)
    limit, komi = num_moves + moves_left, float(rng.choice([-2.5, -0.5, 0.0, 0.5, 2.5]))
    position, names = reference_search.Position(reference_board.Game(3, suicide=False), komi, limit), []
    while len(names) < num_moves and not position.is_over:
        legal = position.legal()
        action = int(rng.choice(legal[:-1] or legal))
        names.append(rules.format_move(action, 3))
        position = position.after(action)
    if position.is_over:
        return None
    value, best = solver.best_moves(position)
    if len(best) == len(position.legal()):
        return None
    return Case(komi, " ".join(names), value, " ".join(rules.format_move(action, 3) for action in best))


@reference_pair.needs_compiled_kernels
@pytest.mark.parametrize("network", [evaluators.UniformEvaluator, evaluators.HashedEvaluator])
@pytest.mark.parametrize("algorithm", [GUMBEL, PUCT])
def test_3x3_near_the_move_limit(algorithm, network):
    cases = [case for seed in range(24) if (case := late_3x3(seed, 12, 3))]
    assert len(cases) >= 8 and len({case.value for case in cases}) > 1
    _, result = search_all(cases, 3, network(3), algorithm, 1024, move_limit=15)
    assert mistakes(cases, 3, result, NEARER) == []


@pytest.mark.slow
@pytest.mark.parametrize("network", [evaluators.UniformEvaluator, evaluators.HashedEvaluator])
@pytest.mark.parametrize(("num_moves", "moves_left"), [(8, 4), (12, 5), (10, 5)])
def test_puct_on_3x3_farther_from_the_limit(num_moves, moves_left, network):
    cases = [case for seed in range(40) if (case := late_3x3(seed, num_moves, moves_left))]
    assert len(cases) >= 8
    _, result = search_all(cases, 3, network(3), PUCT, 8192, move_limit=num_moves + moves_left)
    assert mistakes(cases, 3, result, NEARER) == []
