"""PUCT: the selection rule of AlphaZero (Silver et al. 2018, supplement, "Search")."""

import numpy as np

from alphazero.jit import jit
from alphazero.search import tree as trees
from alphazero.search.settings import Settings


@jit
def select(settings: Settings, tree, game, node, priors):
    """The action of largest Q + U at `node`.

    An unvisited action has Q = (mean value of the node) - fpu_reduction * sqrt(visited prior mass),
    as in Leela Zero (UCTNode.cpp). priors: [A], 0 for actions that may not be chosen.
    """
    total, visited_mass = _visited(tree, game, node, priors)
    unvisited_value = trees.mean_value(tree, game, node) - settings.fpu_reduction * np.sqrt(visited_mass)
    exploration = settings.c_init + np.log((1 + total + settings.c_base) / settings.c_base)
    # The first visit follows the prior, so the square root starts at one.
    factor = exploration * np.sqrt(max(total, 1))
    best, best_score = 0, -np.inf
    for action in range(len(priors)):
        if priors[action] > 0:
            child = tree.child_index[game, node, action]
            if child == trees.UNVISITED:
                score = unvisited_value + factor * priors[action]
            else:
                value = trees.child_value(tree, game, node, action)
                score = value + factor * priors[action] / (1 + tree.visits[game, child])
            if score > best_score:
                best, best_score = action, score
    return best


@jit
def _visited(tree, game, node, priors):
    """Visits of the children that may be chosen, and the prior mass of those that have any."""
    total, mass = 0, 0.0
    for action in range(len(priors)):
        child = tree.child_index[game, node, action]
        if child != trees.UNVISITED and priors[action] > 0:
            total += tree.visits[game, child]
            mass += priors[action]
    return total, mass


@jit
def visit_policy(tree, game, priors, policy):
    """Fills policy [A] with the root's visit shares; the priors where nothing was visited."""
    total, _ = _visited(tree, game, trees.ROOT, priors)
    for action in range(len(priors)):
        child = tree.child_index[game, trees.ROOT, action]
        if total == 0:
            policy[action] = priors[action]
        elif child == trees.UNVISITED or priors[action] == 0:
            policy[action] = 0
        else:
            policy[action] = tree.visits[game, child] / total
