"""Search trees of many games as pre-allocated arrays.

Node 0 of each game is its root. A child is made at its first visit and after its parent, so its index is
larger than its parent's. The children of a node form a linked list. For moves without a child the node has
their priors and the best of them. So a descent reads a few records at each node, not an entry for each point
of the board.

In the kernels `game` is a tree's index and `index` a node's.
"""

from typing import NamedTuple

import numpy as np

from alphazero import arrays
from alphazero.jit import Integer, Real, jit

UNVISITED, NO_PARENT, NO_NODE, ROOT = -1, -1, -1, 0
NO_ACTION = -1
UNKNOWN, CLOSED = -2, -3
"""Special values of `best_unvisited`. UNKNOWN: not computed yet. CLOSED: the node has no policy yet. Most
leaves are never visited again, so their legal moves and policies are computed at the second visit."""
LEAST_TOTAL = np.float32(1e-30)
"""A smaller sum of weights has lost its precision, and its inverse may be infinite."""

_FIELDS = [
    ("value_sum", np.float64),  # sum of backed-up values, seen by the player to move at the node
    ("square_sum", np.float64),  # sum of their squares
    ("raw_value", np.float32),  # the network's value, or the exact one if the game is over
    ("prior", np.float32),  # policy of the parent for the move that led here
    ("visits", np.int32),  # backed-up descents through this node, including its own evaluation
    ("pending", np.int32),  # descents through this node that wait for the network
    ("parent", np.int32),  # NO_PARENT for the root
    ("first_child", np.int32),  # newest child; NO_NODE if none
    ("next_sibling", np.int32),  # next older child of the same parent; NO_NODE if none
    ("action", np.int16),  # the move that led here
    ("best_unvisited", np.int16),  # move of largest prior without a child, or NO_ACTION, UNKNOWN, CLOSED
    ("is_terminal", np.bool_),  # the game is over, or a second pass wins
    ("withholds_pass", np.bool_),  # the pass is legal but not a candidate, see `withhold_pass`
]
# np.record makes `node.visits` work outside kernels as it does inside.
NODE = np.dtype((np.record, np.dtype(_FIELDS, align=True)))


class Tree(NamedTuple):
    """G games, N nodes for each game, A = points + 1 actions."""

    num_nodes: np.ndarray  # [G] int32 nodes in use; 0 before the root is made
    nodes: np.ndarray  # [G, N] NODE
    unvisited: np.ndarray  # [G, N, A] float32, see below
    # Open nodes: policy over the moves without a child, 0 for illegal moves, -share for a withheld pass.
    # Closed nodes: policy weights of all moves, up to a factor.


def make_tree(num_games: int, num_nodes: int, num_actions: int) -> Tree:
    """Makes empty trees for `num_games` games with at most `num_nodes` nodes each."""
    return Tree(
        num_nodes=np.zeros(num_games, np.int32),
        nodes=np.zeros((num_games, num_nodes), NODE),
        unvisited=np.zeros((num_games, num_nodes, num_actions), np.float32),
    )


def bytes_per_node(num_actions: int) -> int:
    """Memory of one node, in bytes."""
    return NODE.itemsize + 4 * num_actions


def children(tree: Tree, game: int, node: int) -> dict[int, int]:
    """Children of a node by action, in the order of actions; for displays and tests."""
    found = {}
    child = int(tree.nodes[game, node]["first_child"])
    while child != NO_NODE:
        found[int(tree.nodes[game, child]["action"])] = child
        child = int(tree.nodes[game, child]["next_sibling"])
    return dict(sorted(found.items()))


@jit
def add_node(tree: Tree, game: Integer, parent: Integer, action: Integer) -> np.int64:
    """Appends a child without visits and returns its index. The caller must check that there is room.

    Moves the child's prior from the parent's unvisited moves to the child. parent: a node, or NO_PARENT for
    the root.
    """
    index = tree.num_nodes[game]
    tree.num_nodes[game] = index + 1
    node = tree.nodes[game, index]
    _clear(node)
    node.parent = parent
    node.action = action
    if parent != NO_PARENT:
        above = tree.nodes[game, parent]
        node.prior = tree.unvisited[game, parent, action]
        node.next_sibling = above.first_child
        above.first_child = index
        above.best_unvisited = UNKNOWN
        tree.unvisited[game, parent, action] = 0
    return np.int64(index)


@jit
def _clear(node: np.record) -> None:
    node.value_sum = 0.0
    node.square_sum = 0.0
    node.raw_value = 0.0
    node.prior = 1.0
    node.visits = 0
    node.pending = 0
    node.first_child = NO_NODE
    node.next_sibling = NO_NODE
    node.best_unvisited = UNKNOWN
    node.is_terminal = False
    node.withholds_pass = False


@jit
def close(tree: Tree, game: Integer, index: Integer, weights: np.ndarray) -> None:
    """Closes a node: stores weights [A] float32, the policy weights of all moves, until `open_node`."""
    arrays.copy(tree.unvisited[game, index], weights)
    tree.nodes[game, index].best_unvisited = CLOSED


@jit
def open_node(tree: Tree, game: Integer, index: Integer, legal: np.ndarray) -> np.float32:
    """Turns the weights of a closed node into its policy over legal moves. legal: [A] bool.

    The policy is uniform if the weights of the legal moves are almost 0. Returns the sum of these weights.
    """
    priors = tree.unvisited[game, index]
    total = np.float32(0)
    for action in range(len(legal)):
        priors[action] *= legal[action]
        total += priors[action]
    if total > LEAST_TOTAL:
        scale = np.float32(1) / total
        for action in range(len(legal)):
            priors[action] *= scale
    else:
        share = np.float32(1) / np.float32(legal.sum())
        for action in range(len(legal)):
            priors[action] = legal[action] * share
    tree.nodes[game, index].best_unvisited = UNKNOWN
    return total


@jit
def withhold_pass(tree: Tree, game: Integer, index: Integer, share: Real) -> None:
    """Records that the pass was left out when the node was opened. share: its share of the whole policy."""
    tree.unvisited[game, index, tree.unvisited.shape[2] - 1] = -share
    tree.nodes[game, index].withholds_pass = True


@jit
def give_pass_back(tree: Tree, game: Integer, index: Integer) -> None:
    """Makes a withheld pass a candidate like other moves, with its share of the policy."""
    node, priors = tree.nodes[game, index], tree.unvisited[game, index]
    last = len(priors) - 1
    share = -priors[last]
    for action in range(last):
        priors[action] *= 1 - share
    priors[last] = share
    child = node.first_child
    while child != NO_NODE:
        tree.nodes[game, child].prior *= 1 - share
        child = tree.nodes[game, child].next_sibling
    node.best_unvisited = UNKNOWN
    node.withholds_pass = False


@jit
def best_unvisited(tree: Tree, game: Integer, index: Integer) -> np.int64:
    """The move of largest prior without a child; ties go to the first. NO_ACTION if there is none."""
    node = tree.nodes[game, index]
    if node.best_unvisited == UNKNOWN:
        priors = tree.unvisited[game, index]
        best, largest = NO_ACTION, np.float32(0)
        for action in range(len(priors)):
            if priors[action] > largest:
                best, largest = action, priors[action]
        node.best_unvisited = best
    return np.int64(node.best_unvisited)


@jit
def read_priors(tree: Tree, game: Integer, index: Integer, priors: np.ndarray) -> None:
    """Fills priors [A] float32 with the policy of an open node; 0 for a withheld pass."""
    arrays.copy(priors, tree.unvisited[game, index])
    if tree.nodes[game, index].withholds_pass:
        priors[len(priors) - 1] = 0
    child = tree.nodes[game, index].first_child
    while child != NO_NODE:
        node = tree.nodes[game, child]
        priors[node.action] = node.prior
        child = node.next_sibling


@jit
def child_value(node: np.record) -> Real:
    """Value of the move to `node`, in [-1, 1], seen by the parent's player. node: a record of NODE.

    Pending descents count as visits but do not change the value (Liu et al. 2020, "Watch the unobserved"). So
    the descents of one batch spread without a bias of the values on their paths. A node with only pending
    visits has the value -1, because another descent there would learn nothing.
    """
    return -node.value_sum / node.visits if node.visits > 0 else -1.0


@jit
def mean_value(node: np.record) -> Real:
    """Mean of the values backed up through `node`, a record of NODE, seen by the player to move there."""
    return node.value_sum / node.visits


@jit
def keep_subtree(tree: Tree, new_index: np.ndarray, game: Integer, action: Integer, limit: Integer) -> None:
    """Makes the root's child by `action` the new root and drops all nodes outside its subtree.

    At most `limit` nodes survive, the oldest ones. Without such a child the tree becomes empty.
    new_index: [N] int32 scratch.
    """
    count, child = tree.num_nodes[game], np.int64(NO_NODE)
    if count > 0:
        child = _find_child(tree, game, action)
    tree.num_nodes[game] = 0
    if child == NO_NODE:
        return
    # Rows move to lower indices, in ascending order, so no row is overwritten before it is read.
    for index in range(child, count):
        node = tree.nodes[game, index]
        parent = np.int64(node.parent)
        new_index[index] = NO_NODE
        if index == child:
            new_index[index] = _move_node(tree, game, index, np.int64(NO_PARENT))
        elif parent >= child and new_index[parent] != NO_NODE:
            new_parent = np.int64(new_index[parent])
            tree.unvisited[game, new_parent, node.action] = node.prior
            if tree.num_nodes[game] < limit:
                new_index[index] = _move_node(tree, game, index, new_parent)


@jit
def _find_child(tree: Tree, game: Integer, action: Integer) -> np.int64:
    child = tree.nodes[game, ROOT].first_child
    while child != NO_NODE and tree.nodes[game, child].action != action:
        child = tree.nodes[game, child].next_sibling
    return np.int64(child)


@jit
def _move_node(tree: Tree, game: Integer, index: Integer, new_parent: Integer) -> np.int64:
    old = tree.nodes[game, index]
    value_sum, square_sum, raw_value, visits = old.value_sum, old.square_sum, old.raw_value, old.visits
    is_terminal, is_closed, action = old.is_terminal, old.best_unvisited == CLOSED, np.int64(old.action)
    withholds_pass = old.withholds_pass
    moved = add_node(tree, game, new_parent, action)
    arrays.copy(tree.unvisited[game, moved], tree.unvisited[game, index])
    node = tree.nodes[game, moved]
    node.value_sum = value_sum
    node.square_sum = square_sum
    node.raw_value = raw_value
    node.visits = visits
    node.is_terminal = is_terminal
    node.withholds_pass = withholds_pass
    node.best_unvisited = CLOSED if is_closed else UNKNOWN
    return moved
