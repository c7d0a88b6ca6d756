"""Reports about the moves at the root of a search tree, for analyses. Nothing here changes a tree."""

from typing import NamedTuple

import numpy as np

from alphazero.jit import Integer, jit
from alphazero.search import tree as trees

LONGEST_LINE = 24
"""Largest number of moves of a principal variation."""
TAIL_PROBABILITY = 1e-5
"""Probability that a move is worth less than its lower bound, if its values are normally distributed."""


class RootMove(NamedTuple):
    """A move at the root, visited or not. Values are in [-1, 1], seen by the player to move at the root."""

    action: int
    visits: int
    value: float  # mean of the values backed up through the move; the root's value if it has no visits
    lower_bound: float  # -1 for fewer than two visits
    prior: float
    line: tuple[int, ...]  # the move and its most visited continuation
    line_visits: tuple[int, ...]


class Report(NamedTuple):
    """A root and its moves, the most visited first, in the order that a search without noise prefers."""

    visits: int
    value: float
    raw_value: float  # the network's value
    moves: list[RootMove]


def report(tree: trees.Tree, game: int, *, with_bounds: bool = True) -> Report:
    """Describes the current tree, even in the middle of a search. An empty tree has no moves.

    with_bounds: with False all lower bounds are -1, which saves time.
    """
    if tree.num_nodes[game] == 0:
        return Report(0, 0.0, 0.0, [])
    root = tree.nodes[game, trees.ROOT]
    value = float(root["value_sum"] / max(root["visits"], 1))
    priors = np.zeros(tree.unvisited.shape[2], np.float32)
    trees.read_priors(tree, np.int64(game), np.int64(trees.ROOT), priors)
    children = {a: c for a, c in trees.children(tree, game, trees.ROOT).items() if _visits(tree, game, c)}
    bounds = _lower_bounds(tree, game, children) if with_bounds and children else {}
    moves = [
        _visited_move(tree, game, action, child, bounds.get(action, -1.0))
        for action, child in children.items()
    ]
    rest = [
        RootMove(int(action), 0, value, -1.0, float(priors[action]), (int(action),), (0,))
        for action in np.flatnonzero(priors)
        if action not in children
    ]
    # Sorting is stable, so ties go to the first action, as in a search.
    ordered = sorted(moves, key=lambda move: -move.visits) + sorted(rest, key=lambda move: -move.prior)
    return Report(int(root["visits"]), value, float(root["raw_value"]), ordered)


def _visits(tree: trees.Tree, game: int, node: int) -> int:
    return int(tree.nodes[game, node]["visits"])


def _visited_move(tree: trees.Tree, game: int, action: int, child: int, lower_bound: float) -> RootMove:
    record = tree.nodes[game, child]
    actions, visits = np.zeros((2, LONGEST_LINE), np.int32)
    length = _walk_line(tree, np.int64(game), np.int64(child), actions, visits)
    return RootMove(
        action=action,
        visits=int(record["visits"]),
        value=float(-record["value_sum"] / record["visits"]),
        lower_bound=lower_bound,
        prior=float(record["prior"]),
        line=tuple(actions[:length].tolist()),
        line_visits=tuple(visits[:length].tolist()),
    )


def _lower_bounds(tree: trees.Tree, game: int, children: dict[int, int]) -> dict[int, float]:
    """Lower confidence bounds by action, as in Leela Zero: Student's distribution on the values' variance."""
    # The import takes longer than many searches, and only analyses need it.
    from scipy import special

    nodes = np.array(list(children.values()))
    visits = tree.nodes[game, nodes]["visits"].astype(np.float64)
    means = -tree.nodes[game, nodes]["value_sum"] / visits
    freedom = np.maximum(visits - 1, 1)
    squares = tree.nodes[game, nodes]["square_sum"]
    variances = np.maximum(squares - visits * means**2, 0) / freedom
    bounds = means - special.stdtrit(freedom, 1 - TAIL_PROBABILITY) * np.sqrt(variances / visits)
    bounds = np.where(visits < 2, -1, np.maximum(bounds, -1))
    return dict(zip(children, bounds.tolist(), strict=True))


@jit
def _walk_line(
    tree: trees.Tree, game: Integer, node: Integer, actions: np.ndarray, visits: np.ndarray
) -> int:
    """Fills actions and visits [L] along the most visited moves from `node` down. Returns their number."""
    length = 0
    while node != trees.NO_NODE and length < len(actions):
        actions[length] = tree.nodes[game, node].action
        visits[length] = tree.nodes[game, node].visits
        length += 1
        node = _most_visited_child(tree, game, node)
    return length


@jit
def _most_visited_child(tree: trees.Tree, game: Integer, node: Integer) -> np.int64:
    """The most visited child; ties go to the first action. NO_NODE if no child was visited."""
    best, most, best_action = np.int64(trees.NO_NODE), np.int64(0), np.int64(0)
    child = np.int64(tree.nodes[game, node].first_child)
    while child != trees.NO_NODE:
        record = tree.nodes[game, child]
        if record.visits > most or (record.visits == most and most > 0 and record.action < best_action):
            best, most, best_action = child, np.int64(record.visits), np.int64(record.action)
        child = np.int64(record.next_sibling)
    return best
