"""The search trees of many games as pre-allocated arrays.

Node 0 of each game is its root. A child is made when it is first visited, always after its parent,
so a node's index is larger than its parent's. A node knows its children as a chain of siblings, and
for all other moves their priors and which of them is the best: what a descent reads at a node is
a few records instead of an entry for each point of the board.
"""

from typing import NamedTuple

import numpy as np

from alphazero import arrays
from alphazero.jit import jit

UNVISITED, NO_PARENT, NO_NODE, ROOT = -1, -1, -1, 0
NO_ACTION = -1
UNKNOWN, CLOSED = -2, -3
"""`best_unvisited` before somebody asks, and before the node has its policy: most leaves are never visited
again, so the legal moves and the policy of a leaf wait until a descent comes back."""
LEAST_TOTAL = np.float32(1e-30)
"""Weights that add up to less have lost their digits, and their inverse may be infinite."""

_FIELDS = [
    ("value_sum", np.float64),  # sum of backed-up values, seen by the player to move there
    ("raw_value", np.float32),  # the network's value, or the exact one where the game is over
    ("prior", np.float32),  # policy of the parent for the move that led here
    ("visits", np.int32),  # descents that have been backed up through here, its own evaluation included
    ("pending", np.int32),  # descents through here that wait for the network
    ("parent", np.int32),  # NO_PARENT for the root
    ("first_child", np.int32),  # the newest child, NO_NODE if none
    ("next_sibling", np.int32),  # the child of the same parent that was made before, NO_NODE if none
    ("action", np.int16),  # the move that led here
    ("best_unvisited", np.int16),  # move without a child of largest prior, NO_ACTION, UNKNOWN, CLOSED
    ("is_terminal", np.bool_),  # the game is over there
    ("withholds_pass", np.bool_),  # the pass is legal and left out for now, see `withhold_pass`
]
# np.record makes `node.visits` work outside kernels as it does inside.
NODE = np.dtype((np.record, np.dtype(_FIELDS, align=True)))


class Tree(NamedTuple):
    """G games, N nodes for each game, A = points + 1 actions."""

    num_nodes: np.ndarray  # [G] int32 nodes in use; 0 before the root is made
    nodes: np.ndarray  # [G, N] NODE
    unvisited: np.ndarray  # [G, N, A] float32 policy over the moves without a child, 0 for illegal ones and
    # -share for a withheld pass; of a closed node weights of all moves, up to a factor


def make_tree(num_games: int, num_nodes: int, num_actions: int) -> Tree:
    """Empty trees for `num_games` games of at most `num_nodes` nodes."""
    return Tree(
        num_nodes=np.zeros(num_games, np.int32),
        nodes=np.zeros((num_games, num_nodes), NODE),
        unvisited=np.zeros((num_games, num_nodes, num_actions), np.float32),
    )


def bytes_per_node(num_actions: int) -> int:
    """Memory that one node takes."""
    return NODE.itemsize + 4 * num_actions


def children(tree: Tree, game: int, node: int) -> dict[int, int]:
    """The children of a node by action, in the order of the actions; for displays and tests."""
    found = {}
    child = int(tree.nodes[game, node]["first_child"])
    while child != NO_NODE:
        found[int(tree.nodes[game, child]["action"])] = child
        child = int(tree.nodes[game, child]["next_sibling"])
    return dict(sorted(found.items()))


@jit
def add_node(tree, game, parent, action):
    """Appends a child without visits and returns its index; the caller has made sure of room.

    Its prior moves from the parent's unvisited moves to the child.
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
def _clear(node):
    node.value_sum = 0.0
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
def close(tree, game, index, weights):
    """Keeps `weights` [A] float32, policy weights of all moves, until the node is opened."""
    arrays.copy(tree.unvisited[game, index], weights)
    tree.nodes[game, index].best_unvisited = CLOSED


@jit
def open_node(tree, game, index, legal):
    """Turns a closed node's weights into its policy over the `legal` moves [A].

    Uniform over the legal moves where their weights are as good as zero. Returns the sum of those weights.
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
def withhold_pass(tree, game, index, share):
    """Remembers that the pass, left out when this node was opened, has this share of the whole policy."""
    tree.unvisited[game, index, tree.unvisited.shape[2] - 1] = -share
    tree.nodes[game, index].withholds_pass = True


@jit
def give_pass_back(tree, game, index):
    """Makes a withheld pass a candidate like the other moves."""
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
def best_unvisited(tree, game, index):
    """The move without a child of largest prior, the first of equals; NO_ACTION if none is left."""
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
def read_priors(tree, game, index, priors):
    """Fills priors [A] with the node's policy, 0 for a withheld pass."""
    arrays.copy(priors, tree.unvisited[game, index])
    if tree.nodes[game, index].withholds_pass:
        priors[len(priors) - 1] = 0
    child = tree.nodes[game, index].first_child
    while child != NO_NODE:
        node = tree.nodes[game, child]
        priors[node.action] = node.prior
        child = node.next_sibling


@jit
def child_value(node):
    """What the parent's player thinks of the move to `node`, a record with visits or pending ones.

    Pending descents count as visits and leave the value alone (Liu et al. 2020, "Watch the unobserved"), so
    that descents of one batch spread without a wrong opinion of what they pass. A node that is all pending
    is lost: another descent there would learn nothing.
    """
    return -node.value_sum / node.visits if node.visits > 0 else -1.0


@jit
def mean_value(node):
    """Mean of the values backed up through `node`, seen by the player to move there."""
    return node.value_sum / node.visits


@jit
def keep_subtree(tree, new_index, game, action, limit):
    """Makes the root's child by `action` the root and drops the rest.

    At most `limit` nodes survive, the oldest first; without such a child the tree is emptied.
    new_index: [N] scratch.
    """
    count, child = tree.num_nodes[game], np.int64(NO_NODE)
    if count > 0:
        child = _find_child(tree, game, action)
    tree.num_nodes[game] = 0
    if child == NO_NODE:
        return
    # Rows move to lower indices in rising order, so nothing is overwritten before it is read.
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
def _find_child(tree, game, action):
    child = tree.nodes[game, ROOT].first_child
    while child != NO_NODE and tree.nodes[game, child].action != action:
        child = tree.nodes[game, child].next_sibling
    return np.int64(child)


@jit
def _move_node(tree, game, index, new_parent):
    old = tree.nodes[game, index]
    value_sum, raw_value, visits = old.value_sum, old.raw_value, old.visits
    is_terminal, is_closed, action = old.is_terminal, old.best_unvisited == CLOSED, np.int64(old.action)
    withholds_pass = old.withholds_pass
    moved = add_node(tree, game, new_parent, action)
    arrays.copy(tree.unvisited[game, moved], tree.unvisited[game, index])
    node = tree.nodes[game, moved]
    node.value_sum = value_sum
    node.raw_value = raw_value
    node.visits = visits
    node.is_terminal = is_terminal
    node.withholds_pass = withholds_pass
    node.best_unvisited = CLOSED if is_closed else UNKNOWN
    return moved
