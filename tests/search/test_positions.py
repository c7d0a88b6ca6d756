"""Tests of searches on pictured positions, without a network.

The evaluator gives all moves equal priors. Its value is the area of the current board, without any knowledge
of life, ko or ladders. A test proves each case by brute force (tests/reference/solver.py): the moves that it
names win, all others do not.
"""

from typing import NamedTuple

import numpy as np
import pytest

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.go import board, geometry, play, rules, scoring
from alphazero.search import interface, lockstep, selection
from alphazero.search import tree as trees
from tests.go import diagrams
from tests.reference import board as reference_board
from tests.reference import search as reference_search
from tests.reference import solver
from tests.search import reference_pair

ALGORITHMS = selection.PREPARE


class Case(NamedTuple):
    name: str
    picture: str  # before `moves`
    moves: str  # the colour to play there, then moves that lead to the position
    wins: str  # all moves that win
    komi: float
    limit: int  # move limit, including `moves`


SEKI = "X X X O O / X X X O O / X X . O O / X X X O O / X X . O O"
CASES = [
    Case("a ko: first a threat", "O . O / . O X / . . X", "B B3", "A2", 0.5, 8),
    Case("a ko that White took", ". X . / . O X / O X .", "W C1", "A2", 0.5, 8),
    Case("a ko that White took in the middle", ". O X / . X . / X . X", "W C2", "A3", 0.5, 8),
    Case("superko forbids the recapture", "O . . / X O O / X . O", "B", "B3", 2.5, 6),
    Case("superko, White to play", ". O X / X X . / X X .", "W", "C2", -2.5, 6),
    Case("superko in the corner", "O O . / O O . / . X O", "B", "C2", 2.5, 6),
    Case("seki: filling loses, Black passes", SEKI, "B", "pass", 0.5, 4),
    Case("seki: filling loses, White passes", SEKI, "W", "pass", 3.5, 4),
]
LADDER = Case("a ladder", ". . . . . / . . X . . / . X O O . / X O O X . / . X X . .", "B", "D4 E3", 10.5, 5)
# Cases in which superko decides: it forbids an answer.
NEEDS_SUPERKO = CASES[3:6]


class AreaEvaluator(evaluators.UniformEvaluator):
    """Equal priors; the value is tanh of the lead of the player to move in area, with komi."""

    def __init__(self, size, komi):
        super().__init__(size)
        self._tables, self._scratch = geometry.make(size), board.make_scratch(size * size)
        self._komi = komi

    def evaluate(self, inputs):
        planes = inputs.planes
        logits, values, *_ = super().evaluate(inputs)
        for row, image in enumerate(planes.reshape(len(planes), 18, -1)):
            stones = np.full(image.shape[1] + 1, rules.WALL, np.int8)
            is_black = bool(image[16].all())
            stones[:-1] = image[0 if is_black else 8] + 2 * image[8 if is_black else 0]
            margin = scoring.area_score(self._tables, stones, self._scratch) - self._komi
            values[row] = np.tanh((margin if is_black else -margin) / len(stones))
        return evaluators.Outputs(logits, values)


def set_up(case):
    """The position by the kernels."""
    stones = diagrams.parse(case.picture.replace(" / ", "\n"))[:-1]
    size, (color, *moves) = round(len(stones) ** 0.5), case.moves.split()
    position = play.Game(size, case.komi, move_limit=case.limit, capacity=reference_pair.CAPACITY)
    black, white = (np.flatnonzero(stones == other).tolist() for other in (rules.BLACK, rules.WHITE))
    position.set_up(black, white, rules.BLACK if color == "B" else rules.WHITE)
    for move in moves:
        position.play(rules.parse_move(move, size))
    return position


def set_up_slowly(case, ko="positional"):
    """The position by the reference."""
    rows = [row.split() for row in reversed(case.picture.split(" / "))]
    color, *moves = case.moves.lower().split()
    slow_game = reference_board.Game(len(rows), suicide=False, ko=ko)
    letters = {"X": "b", "O": "w"}
    slow_game.boards = [
        {(x, y): letters[cell] for y, row in enumerate(rows) for x, cell in enumerate(row) if cell != "."}
    ]
    slow_game.to_play, slow_game.movers = color, [reference_board.OTHER[color]]
    position = reference_search.Position(slow_game, case.komi, case.limit)
    for move in moves:
        position = position.after(rules.parse_move(move, len(rows)))
    return position


def search_case(case, algorithm, num_simulations):
    position = set_up(case)
    config = search_config.SearchConfig(algorithm=algorithm, num_simulations=num_simulations)
    search = lockstep.LockstepSearch(config, position.record, np.random.default_rng(0))
    options = interface.SearchOptions(num_simulations=num_simulations)
    result = search.search(np.array([0]), AreaEvaluator(position.size, case.komi), options)
    return search.tree, rules.format_move(int(result.actions[0]), position.size), float(result.values[0])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_cases_themselves(case):
    value, best = solver.best_moves(set_up_slowly(case))
    assert value == 1
    size = set_up(case).size
    assert {rules.format_move(action, size) for action in best} == set(case.wins.split())


@pytest.mark.parametrize("case", NEEDS_SUPERKO, ids=lambda case: case.name)
def test_superko_decides(case):
    """Under the simple ko rule the opponent would recapture and win."""
    assert solver.value(set_up_slowly(case, ko="simple")) == -1


@reference_pair.needs_compiled_kernels
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_winning_move_is_found_and_kept(algorithm, case):
    """With more simulations a search never changes from a certain win to a losing move."""
    budgets = (8, 32, 128, 512)
    found = {budget: search_case(case, algorithm, budget)[1:] for budget in budgets}
    assert loses_again(found, case) == []
    move, value = found[512]
    assert move in case.wins.split() and value > 0.35


def loses_again(found, case):
    """Search budgets that choose a losing move although a smaller budget was certain of a winning one."""
    wins, is_sure, lost = case.wins.split(), False, []
    for budget, (move, value) in found.items():
        if is_sure and move not in wins:
            lost.append(budget)
        is_sure = is_sure or (value > 0.3 and move in wins)
    return lost


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_more_search_finds_the_same(algorithm, case):
    found = {budget: search_case(case, algorithm, budget)[1:] for budget in (512, 2048, 8192)}
    assert loses_again(found, case) == []
    assert all(value > 0.4 for _, value in found.values())


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_ladder_is_read(algorithm):
    """The ladder is five moves deep, and a dozen moves seem better. It takes thousands of simulations."""
    value, best = solver.best_moves(set_up_slowly(LADDER))
    assert value == 1 and {rules.format_move(action, 5) for action in best} == set(LADDER.wins.split())
    _, move, value = search_case(LADDER, algorithm, 8192)
    assert move in LADDER.wins.split() and value > 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_no_move_in_the_tree_breaks_the_rules(algorithm, case):
    """Every child in the tree is legal by the reference, and ko forbids moves in some positions."""
    tree, _, _ = search_case(case, algorithm, 128)
    forbidden = illegal_by_ko(tree, trees.ROOT, set_up_slowly(case))
    assert forbidden > 0 or case.picture == SEKI


def illegal_by_ko(tree, node, position):
    """Number of positions from a node down in which ko forbids a move. Fails at an illegal child."""
    below = trees.children(tree, 0, node)
    if not below:
        return 0
    assert below.keys() <= set(position.legal())
    deeper = sum(illegal_by_ko(tree, child, position.after(action)) for action, child in below.items())
    return deeper + position.has_superko
