"""The search trees of many games as pre-allocated arrays.

Node 0 of each game is its root. Children are always made after their parents, so a node's index
is larger than its parent's.
"""

from typing import NamedTuple

import numpy as np

from alphazero.jit import jit

UNVISITED, NO_PARENT, ROOT = -1, -1, 0


class Tree(NamedTuple):
    """G games, N nodes for each game, A = points + 1 actions."""

    num_nodes: np.ndarray  # [G] int32 nodes in use; 0 before the root is evaluated
    parent: np.ndarray  # [G, N] int32, NO_PARENT for the root
    parent_action: np.ndarray  # [G, N] int16 the move that led here
    visits: np.ndarray  # [G, N] int32 times a descent passed through, the node's own evaluation included
    value_sum: np.ndarray  # [G, N] float32 sum of backed-up values, seen by the player to move there
    raw_value: np.ndarray  # [G, N] float32 the network's value, or the exact one where the game is over
    is_terminal: np.ndarray  # [G, N] bool the game is over there
    child_index: np.ndarray  # [G, N, A] int32 node of each child, UNVISITED if none
    priors: np.ndarray  # [G, N, A] float32 the network's policy over legal moves, 0 for illegal ones


def make_tree(num_games: int, num_nodes: int, num_actions: int) -> Tree:
    """Empty trees for `num_games` games of at most `num_nodes` nodes."""
    shape = (num_games, num_nodes)
    return Tree(
        num_nodes=np.zeros(num_games, np.int32),
        parent=np.full(shape, NO_PARENT, np.int32),
        parent_action=np.zeros(shape, np.int16),
        visits=np.zeros(shape, np.int32),
        value_sum=np.zeros(shape, np.float32),
        raw_value=np.zeros(shape, np.float32),
        is_terminal=np.zeros(shape, np.bool_),
        child_index=np.full((*shape, num_actions), UNVISITED, np.int32),
        priors=np.zeros((*shape, num_actions), np.float32),
    )


@jit
def add_node(tree, game, parent, action):
    """Appends an unvisited child and returns its index; the caller has made sure of room."""
    node = tree.num_nodes[game]
    tree.num_nodes[game] = node + 1
    tree.parent[game, node] = parent
    tree.parent_action[game, node] = action
    tree.visits[game, node] = 0
    tree.value_sum[game, node] = 0
    tree.is_terminal[game, node] = False
    tree.child_index[game, node, :] = UNVISITED
    if parent != NO_PARENT:
        tree.child_index[game, parent, action] = node
    return node


@jit
def set_priors(tree, game, node, logits, legal):
    """Softmax of `logits` [A] over the legal moves; uniform where their mass underflows."""
    largest = np.float32(-np.inf)
    for action in range(len(legal)):
        if legal[action] and logits[action] > largest:
            largest = logits[action]
    total = np.float32(0)
    for action in range(len(legal)):
        prior = np.exp(logits[action] - largest) if legal[action] else np.float32(0)
        tree.priors[game, node, action] = prior
        total += prior
    tree.priors[game, node, :] /= total


@jit
def child_value(tree, game, node, action):
    """Mean value of a visited child, seen by the player to move at `node`."""
    child = tree.child_index[game, node, action]
    return -tree.value_sum[game, child] / tree.visits[game, child]


@jit
def mean_value(tree, game, node):
    """Mean of the values backed up through `node`, seen by the player to move there."""
    return tree.value_sum[game, node] / tree.visits[game, node]


@jit
def keep_subtree(tree, new_index, game, action, limit):
    """Makes the root's child by `action` the root and drops the rest.

    At most `limit` nodes survive, the oldest first; without such a child the tree is emptied.
    new_index: [N] scratch.
    """
    count = tree.num_nodes[game]
    child = tree.child_index[game, ROOT, action] if count > 0 else UNVISITED
    tree.num_nodes[game] = 0
    if child == UNVISITED:
        return
    # Rows move to lower indices in rising order, so nothing is overwritten before it is read.
    for node in range(child, count):
        parent = tree.parent[game, node]
        new_index[node] = UNVISITED
        if node == child:
            new_index[node] = _move_node(tree, game, node, NO_PARENT)
        elif parent >= child and new_index[parent] != UNVISITED and tree.num_nodes[game] < limit:
            new_index[node] = _move_node(tree, game, node, new_index[parent])


@jit
def _move_node(tree, game, node, new_parent):
    visits, value_sum = tree.visits[game, node], tree.value_sum[game, node]
    is_terminal = tree.is_terminal[game, node]
    new_node = add_node(tree, game, new_parent, tree.parent_action[game, node])
    tree.visits[game, new_node] = visits
    tree.value_sum[game, new_node] = value_sum
    tree.is_terminal[game, new_node] = is_terminal
    tree.raw_value[game, new_node] = tree.raw_value[game, node]
    tree.priors[game, new_node] = tree.priors[game, node]
    return new_node
