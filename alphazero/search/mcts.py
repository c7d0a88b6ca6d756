"""Simulations for many games: descend to leaves, expand them, back their values up."""

from typing import NamedTuple

import numpy as np

from alphazero.go import board, features, game, geometry, rules, scoring
from alphazero.jit import jit
from alphazero.search import gumbel, puct
from alphazero.search import tree as trees
from alphazero.search.settings import Settings

WALKER = np.int64(0)
"""Index of the only record in `Leaves.walker`."""


_LEAST_WEIGHT = np.float32(1e-30)
"""Keeps a share of nothing from being a division by zero."""


class Tables(NamedTuple):
    """What every kernel of the search reads."""

    geometry: geometry.Geometry
    settings: Settings


class Leaves(NamedTuple):
    """The leaves of one step that the network is asked about, L rows; one thread writes to them."""

    walker: np.ndarray  # [1] game record, the position on the path under way
    trees: np.ndarray  # [L] int32 the game that was descended
    nodes: np.ndarray  # [L] int32 the leaf in its tree
    planes: np.ndarray  # [L, 18, P] uint8 what the network is asked
    legal: np.ndarray  # [A] bool legal moves of the walker
    counts: np.ndarray  # [2] int64 rows in use, paths walked
    scratch: board.Scratch


def make_leaves(games: np.ndarray, planes: np.ndarray) -> Leaves:
    """Room for L = len(planes) leaves of games of this layout; planes: [L, 18, P] uint8."""
    count, _, num_points = planes.shape
    return Leaves(
        walker=np.zeros(1, games.dtype),
        trees=np.zeros(count, np.int32),
        nodes=np.zeros(count, np.int32),
        planes=planes,
        legal=np.zeros(num_points + 1, np.bool_),
        counts=np.zeros(2, np.int64),
        scratch=board.make_scratch(num_points),
    )


@jit
def open_roots(tables, games, tree, leaves, indices, settles_passes):
    """Makes the root of each game of `indices`, whose trees are empty.

    settles_passes: whether a root where a second pass wins is a leaf for good, as such nodes below it are.
    """
    leaves.counts[:] = 0
    for entry in range(len(indices)):
        index = np.int64(indices[entry])
        game.copy_game(leaves.walker, WALKER, games, index)
        node = trees.add_node(tree, index, np.int64(trees.NO_PARENT), np.int64(0))
        tree.nodes[index, node].pending += 1
        _enter_leaf(tables, tree, leaves, index, node, settles_passes)


@jit
def open_policies(tables, games, tree, leaves, indices):
    """Gives the roots of these games their policies, where they have none yet or one without the pass."""
    for entry in range(len(indices)):
        index = np.int64(indices[entry])
        node = tree.nodes[index, trees.ROOT]
        if node.best_unvisited == trees.CLOSED:
            game.copy_game(leaves.walker, WALKER, games, index)
            _open_node(tables, tree, leaves, index, np.int64(trees.ROOT))
        elif node.withholds_pass:
            game.copy_game(leaves.walker, WALKER, games, index)
            _reconsider_pass(tables, tree, leaves, index, np.int64(trees.ROOT))


@jit
def descend(tables, games, tree, root, leaves, indices, most_rows):
    """Walks paths in each game of `indices` until `most_rows` of its leaves wait for the network.

    A path to a value that is known is backed up at once, so that batches stay full. A path to a leaf that
    waits already is taken back, and the game walks no more in this step.
    """
    leaves.counts[:] = 0
    for entry in range(len(indices)):
        index, first_row = np.int64(indices[entry]), leaves.counts[0]
        while root.num_left[index] > 0 and leaves.counts[0] < first_row + most_rows:
            game.copy_game(leaves.walker, WALKER, games, index)
            node = _walk(tables, tree, root, leaves, index)
            if tree.nodes[index, node].visits == 0 and tree.nodes[index, node].pending > 1:
                _take_back(tree, root, index, node)
                break
            root.num_left[index] -= 1
            leaves.counts[1] += 1
            _enter_leaf(tables, tree, leaves, index, node, np.bool_(True))


@jit
def _walk(tables, tree, root, leaves, index):
    """Plays moves on leaves.walker from the root to a leaf, marks the path, and returns the leaf."""
    node = np.int64(trees.ROOT)
    tree.nodes[index, node].pending += 1
    while tree.nodes[index, node].visits > 0 and not tree.nodes[index, node].is_terminal:
        if node == trees.ROOT:
            action = _select_at_root(tables.settings, tree, root, index)
            child = np.int64(root.children[index, action])
            root.visits[index, action] += 1
            root.num_started[index] += 1
        else:
            if tree.nodes[index, node].best_unvisited == trees.CLOSED:
                _open_node(tables, tree, leaves, index, node)
            elif tree.nodes[index, node].withholds_pass:
                _reconsider_pass(tables, tree, leaves, index, node)
            action, child = _select(tables.settings, tree, index, node)
        if child == trees.UNVISITED:
            if tree.num_nodes[index] == tree.nodes.shape[1]:
                return node
            child = trees.add_node(tree, index, node, action)
            if node == trees.ROOT:
                root.children[index, action] = child
        game.play(tables.geometry, leaves.walker, leaves.scratch, WALKER, action)
        node = child
        tree.nodes[index, node].pending += 1
    return node


@jit
def _open_node(tables, tree, leaves, index, node):
    """Gives a node, whose position the walker has reached, its policy over the legal moves.

    A pass that would end the game for less than the network expects of going on is left out: it would be
    a blunder, and were it a candidate, its visits would make the opponent's pass before it look good.
    """
    position, legal = leaves.walker[WALKER], leaves.legal
    game.legal_actions(tables.geometry, leaves.walker, WALKER, legal)
    is_worse = False
    if position.passes == 1 and legal.sum() > 1:
        is_worse = _final_value(tables, leaves, position) < tree.nodes[index, node].raw_value
    last = len(legal) - 1
    legal[last] = not is_worse
    weight = tree.unvisited[index, node, last]
    total = trees.open_node(tree, index, node, legal)
    if is_worse:
        trees.withhold_pass(tree, index, node, weight / max(total + weight, _LEAST_WEIGHT))


@jit
def _reconsider_pass(tables, tree, leaves, index, node):
    """Gives a withheld pass back once going on has turned out to be worth less than ending the game."""
    mean, hope = trees.mean_value(tree.nodes[index, node]), tree.nodes[index, node].raw_value
    # The end is worth less than the hope, so the score is counted only where the mean is, too.
    if mean < hope and mean < _final_value(tables, leaves, leaves.walker[WALKER]):
        trees.give_pass_back(tree, index, node)


@jit
def _select_at_root(settings, tree, root, index):
    if settings.is_gumbel:
        return gumbel.select_at_root(settings, tree, root, index)
    return puct.select_at_root(settings, tree, root, index)


@jit
def _select(settings, tree, index, node):
    if settings.is_gumbel and tree.nodes[index, node].visits < settings.gumbel_visits:
        return gumbel.select(settings, tree, index, node)
    return puct.select(settings, tree, index, node)


@jit
def _take_back(tree, root, index, node):
    """Unmarks the path to `node`, as if it had not been walked."""
    action = np.int64(0)
    while node != trees.NO_PARENT:
        record = tree.nodes[index, node]
        record.pending -= 1
        if record.parent == trees.ROOT:
            action = np.int64(record.action)
        node = np.int64(record.parent)
    root.visits[index, action] -= 1
    root.num_started[index] -= 1


@jit
def _enter_leaf(tables, tree, leaves, index, node, settles_passes):
    """Backs up the value of a leaf that is known or settled by the rules; all others get a row.

    After a pass the player to move may end the game: where that wins and `settles_passes`, it is what
    happens.
    """
    if tree.nodes[index, node].visits > 0:
        _back_up(tree, index, node, tree.nodes[index, node].raw_value)
        return
    position, row = leaves.walker[WALKER], leaves.counts[0]
    if position.over or position.passes == 1:
        end_value = _final_value(tables, leaves, position)
        if position.over or (settles_passes and end_value > 0):
            _end_game(tree, index, node, end_value)
            _back_up(tree, index, node, end_value)
            return
    leaves.counts[0] += 1
    leaves.trees[row] = index
    leaves.nodes[row] = node
    features.fill_planes(tables.geometry, leaves.walker, WALKER, leaves.planes[row])


@jit
def _end_game(tree, index, node, value):
    """Makes `node` a leaf for good, whose only move is the pass."""
    tree.nodes[index, node].is_terminal = True
    tree.nodes[index, node].raw_value = value
    tree.unvisited[index, node, :] = 0
    tree.unvisited[index, node, tree.unvisited.shape[2] - 1] = 1


@jit
def _final_value(tables, leaves, record):
    """What the game is worth if it ends here, in [-1, 1], as its player to move sees it."""
    margin = scoring.area_score(tables.geometry, record.stones[:], leaves.scratch) - record.komi
    if record.to_play == rules.WHITE:
        margin = -margin
    outcome = tables.settings.outcome
    shares = (1 - outcome.score_weight) * np.sign(margin)
    return np.float32(shares + outcome.score_weight * np.tanh(margin / outcome.score_scale))


@jit
def expand_and_back_up(tree, leaves, weights, values):
    """Writes the network's answers into the leaves and backs the values up.

    weights: [L, A] float32, exponentials of the logits up to a factor; values: [L] float32.
    """
    for row in range(leaves.counts[0]):
        index, node = np.int64(leaves.trees[row]), np.int64(leaves.nodes[row])
        tree.nodes[index, node].raw_value = values[row]
        trees.close(tree, index, node, weights[row])
        _back_up(tree, index, node, values[row])


@jit
def _back_up(tree, index, node, value):
    while node != trees.NO_PARENT:
        record = tree.nodes[index, node]
        record.pending -= 1
        record.visits += 1
        record.value_sum += value
        value = -value
        node = np.int64(record.parent)


@jit
def read_results(tables, tree, root, indices, results):
    """Fills `results` (lockstep.SearchResult) from the trees."""
    settings = tables.settings
    for slot in range(len(indices)):
        index = np.int64(indices[slot])
        trees.read_priors(tree, index, np.int64(trees.ROOT), results.raw_policy[slot])
        _count_visits(tree, root, index, results.visits[slot])
        if settings.is_gumbel:
            results.values[slot] = gumbel.improved_policy(settings, tree, root, index, results.policy[slot])
            results.actions[slot] = gumbel.final_action(settings, tree, root, index)
        else:
            results.values[slot] = trees.mean_value(tree.nodes[index, trees.ROOT])
            results.actions[slot] = puct.visit_policy(settings, tree, root, index, results.policy[slot])


@jit
def _count_visits(tree, root, index, visits):
    for action in range(len(visits)):
        child = root.children[index, action]
        visits[action] = 0 if child == trees.UNVISITED else tree.nodes[index, child].visits


@jit
def read_policies(tree, indices, policies):
    """Fills policies [B, A] with the network's policy at the roots of these games."""
    for slot in range(len(indices)):
        trees.read_priors(tree, np.int64(indices[slot]), np.int64(trees.ROOT), policies[slot])


@jit
def keep_subtrees(tree, new_index, indices, actions, limit):
    """`trees.keep_subtree` for each of these games and the move that was played in it."""
    for slot in range(len(indices)):
        trees.keep_subtree(tree, new_index, np.int64(indices[slot]), np.int64(actions[slot]), limit)
