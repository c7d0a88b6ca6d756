"""Searches against the game-theoretic value: whole games on 2x2 under superko, ends of games on 3x3.

The truth comes from alpha-beta over the slow board. On 2x2 Black wins by one point, so the value changes
with the komi: won at 0.5, drawn at 1, lost at 1.5.
"""

from typing import NamedTuple

import numpy as np
import pytest

from alphazero.config import game as game_config
from alphazero.config import search as search_config
from alphazero.go import board, game, geometry, rules
from alphazero.search import evaluator, lockstep
from alphazero.search import tree as trees
from tests.reference import board as slow_board
from tests.reference import search as slow
from tests.reference import solver
from tests.search import twins

GUMBEL, PUCT = search_config.Algorithm.gumbel, search_config.Algorithm.puct
NEARER = 0.5
"""A value that is off by less is nearer to the truth than to any other outcome."""


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


def position_of(case, size, move_limit=twins.CAPACITY):
    position = slow.Position(slow_board.Game(size, suicide=False), case.komi, move_limit)
    for name in case.moves.split():
        position = position.after(rules.parse_move(name, size))
    return position


def search_all(cases, size, judge, algorithm, num_simulations, move_limit=twins.CAPACITY):
    """The search and its result on all cases side by side."""
    games = game.new_games(len(cases), game_config.GameConfig(size=size, move_limit=twins.CAPACITY))
    tables, scratch = geometry.make(size), board.make_scratch(size * size)
    for index, case in enumerate(cases):
        games[index]["komi"], games[index]["move_limit"] = case.komi, move_limit
        for name in case.moves.split():
            action = rules.parse_move(name, size)
            assert game.play(tables, games, scratch, index, action) == rules.OK
    config = search_config.SearchConfig(algorithm=algorithm, num_simulations=num_simulations)
    search = lockstep.LockstepSearch(config, games, np.random.default_rng(0))
    options = lockstep.SearchOptions(num_simulations=num_simulations)
    return search, search.search(np.arange(len(cases)), judge, options)


def mistakes(cases, size, result, tolerance):
    """Cases where the move or the value is wrong, with what was found."""
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


@twins.needs_compiled_kernels
@pytest.mark.parametrize("judge", [evaluator.UniformEvaluator, evaluator.HashedEvaluator])
def test_puct_solves_2x2(judge):
    """Even where the network talks nonsense, 2048 simulations of whole games set it right."""
    _, result = search_all(ON_2X2, 2, judge(2), PUCT, 2048)
    assert mistakes(ON_2X2, 2, result, NEARER) == []


@pytest.mark.slow
@pytest.mark.parametrize("judge", [evaluator.UniformEvaluator, evaluator.HashedEvaluator])
def test_gumbel_solves_2x2(judge):
    _, result = search_all(ON_2X2, 2, judge(2), GUMBEL, 8192)
    assert mistakes(ON_2X2, 2, result, NEARER) == []


@pytest.mark.parametrize("algorithm", [GUMBEL, PUCT])
def test_ends_are_exact_and_draws_are_zero(algorithm):
    """Every end in the tree has the value of the slow board; with komi 1 there are draws among them.

    Losses are there because of the move limit: nobody passes to lose.
    """
    cases = [case for case in ON_2X2 if case.komi == 1]
    search, _ = search_all(cases, 2, evaluator.HashedEvaluator(2, seed=1), algorithm, 256, move_limit=8)
    values = []
    for index, case in enumerate(cases):
        values += ends(search.tree, index, trees.ROOT, position_of(case, 2, move_limit=8))
    assert set(values) == {-1, 0, 1}


def ends(tree, index, node, position):
    """Values of the ends below a node, each checked."""
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
    """`solver.value` as the search plays: the answer to a pass is settled by the rules (docs/adr/0019).

    is_hopeful: whether the network always expects more than a draw of going on.
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
    """A win is the best there is, so taking it at once loses nothing; a loss is the worst, so leaving it
    out loses nothing while another move is left. With a komi of half a point there is nothing between.
    """
    late = [case for case in ON_2X2 if case.komi % 1 and len(case.moves.split()) >= 2]
    assert len(late) >= 4
    for case in late:
        assert settled_value(position_of(case, 2), is_hopeful) == case.value, case


class Hopeful(evaluator.UniformEvaluator):
    """Expects to win from everywhere."""

    def evaluate(self, planes):
        logits, values = super().evaluate(planes)
        return logits, values + np.float32(0.5)


@twins.needs_compiled_kernels
@pytest.mark.parametrize("algorithm", [GUMBEL, PUCT])
def test_a_draw_is_not_given_up_for_hope(algorithm):
    """White has passed on a drawn board and every other move loses: enough search must find the pass."""
    draws = [Case(1, f"{moves} pass", 0, "pass") for moves in ("B2 B1 A2", "B2 A2 B1", "A1 B1 A2")]
    _, result = search_all(draws, 2, Hopeful(2), algorithm, 512)
    assert mistakes(draws, 2, result, NEARER) == []


def late_3x3(seed, num_moves, moves_left):
    """A position on 3x3 after random moves, or None where the game is over or every move as good."""
    rng = np.random.default_rng(seed)
    limit, komi = num_moves + moves_left, float(rng.choice([-2.5, -0.5, 0.0, 0.5, 2.5]))
    position, names = slow.Position(slow_board.Game(3, suicide=False), komi, limit), []
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


@twins.needs_compiled_kernels
@pytest.mark.parametrize("judge", [evaluator.UniformEvaluator, evaluator.HashedEvaluator])
@pytest.mark.parametrize("algorithm", [GUMBEL, PUCT])
def test_3x3_near_the_move_limit(algorithm, judge):
    cases = [case for seed in range(24) if (case := late_3x3(seed, 12, 3))]
    assert len(cases) >= 8 and len({case.value for case in cases}) > 1
    _, result = search_all(cases, 3, judge(3), algorithm, 1024, move_limit=15)
    assert mistakes(cases, 3, result, NEARER) == []


@pytest.mark.slow
@pytest.mark.parametrize("judge", [evaluator.UniformEvaluator, evaluator.HashedEvaluator])
@pytest.mark.parametrize(("num_moves", "moves_left"), [(8, 4), (12, 5), (10, 5)])
def test_puct_on_3x3_farther_from_the_limit(num_moves, moves_left, judge):
    cases = [case for seed in range(40) if (case := late_3x3(seed, num_moves, moves_left))]
    assert len(cases) >= 8
    _, result = search_all(cases, 3, judge(3), PUCT, 8192, move_limit=num_moves + moves_left)
    assert mistakes(cases, 3, result, NEARER) == []
