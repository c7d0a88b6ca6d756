"""PUCT: the selection rule of AlphaZero (Silver et al. 2018, supplement, "Search")."""

import numpy as np

from alphazero import arrays
from alphazero.jit import jit
from alphazero.search import tree as trees
from alphazero.search.settings import Settings


@jit
def select(settings: Settings, tree, game, index):
    """Below the root: the action of largest Q + U, the first of equals, and its node.

    An unvisited action has Q = (mean value of the node) - fpu_reduction * sqrt(visited prior mass),
    as in Leela Zero (UCTNode.cpp).
    """
    total, mass = 0, 0.0
    child = tree.nodes[game, index].first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        total += node.visits + node.pending
        mass += node.prior
        child = node.next_sibling
    factor = _exploration(settings, total)
    best, best_child, best_score = trees.best_unvisited(tree, game, index), np.int64(trees.UNVISITED), -np.inf
    if best != trees.NO_ACTION:
        fallback = trees.mean_value(tree.nodes[game, index]) - settings.fpu_reduction * np.sqrt(mass)
        best_score = fallback + factor * tree.unvisited[game, index, best]
    child = tree.nodes[game, index].first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        score = _score(node, node.prior, factor)
        if score > best_score or (score == best_score and node.action < best):
            best, best_score, best_child = np.int64(node.action), score, np.int64(child)
        child = node.next_sibling
    return best, best_child


@jit
def select_at_root(settings: Settings, tree, root, game):
    """As `select` among the allowed moves, with the root's own priors.

    In a search that explores, a visited move with fewer visits than `forced_visits` comes first.
    """
    priors, children = root.priors[game], root.children[game]
    total, mass = _visited_at_root(tree, root, game)
    fallback = trees.mean_value(tree.nodes[game, trees.ROOT]) - settings.fpu_reduction * np.sqrt(mass)
    factor = _exploration(settings, total)
    best, best_score = 0, -np.inf
    for action in range(len(priors)):
        if priors[action] > 0:
            score = fallback + factor * priors[action]
            if children[action] != trees.UNVISITED:
                node = tree.nodes[game, children[action]]
                score = _score(node, priors[action], factor)
                forced = _forced_visits(settings, priors[action], total)
                if root.is_exploring[game] and node.visits + node.pending < forced:
                    score = np.inf
            if score > best_score:
                best, best_score = action, score
    return best


@jit
def _exploration(settings, total):
    """c(N) * sqrt(N) of a node whose children have N visits."""
    c = settings.c_init + np.log((1 + total + settings.c_base) / settings.c_base)
    # The first visit follows the prior, so the square root starts at one.
    return c * np.sqrt(max(total, 1))


@jit
def _score(node, prior, factor):
    return trees.child_value(node) + factor * prior / (1 + node.visits + node.pending)


@jit
def _visited_at_root(tree, root, game):
    """Visits of the children that may be chosen, and the prior mass of those that have any."""
    priors = root.priors[game]
    total, mass = 0, 0.0
    child = tree.nodes[game, trees.ROOT].first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        if priors[node.action] > 0:
            total += node.visits + node.pending
            mass += priors[node.action]
        child = node.next_sibling
    return total, mass


@jit
def _forced_visits(settings, prior, total):
    """Wu 2019, "Accelerating self-play learning in Go", section 3.2: sqrt(k * P * sum N)."""
    return np.sqrt(settings.forced_playouts * prior * total)


@jit
def visit_policy(settings: Settings, tree, root, game, policy):
    """Fills policy [A] with visit shares, the priors where nothing was visited; returns the best move.

    In a search that explores, visits that only forced playouts explain are left out of the policy, and
    so are moves that keep a single one (policy target pruning, Wu 2019, section 3.2). The best move is
    the most visited one, the first of equals.
    """
    priors, children = root.priors[game], root.children[game]
    total, _ = _visited_at_root(tree, root, game)
    if total == 0:
        arrays.copy(policy, priors)
        return np.argmax(policy)
    for action in range(len(priors)):
        policy[action] = 0
        if children[action] != trees.UNVISITED and priors[action] > 0:
            policy[action] = tree.nodes[game, children[action]].visits
    best = np.argmax(policy)
    if root.is_exploring[game] and settings.forced_playouts > 0:
        _prune(settings, tree, root, game, policy, best, total)
    arrays.divide(policy, policy.sum())
    return best


@jit
def _prune(settings, tree, root, game, visits, best, total):
    """Takes from all but the `best` action the visits that PUCT alone would not have spent."""
    priors, children = root.priors[game], root.children[game]
    factor = _exploration(settings, total)
    limit = _score(tree.nodes[game, children[best]], priors[best], factor)
    for action in range(len(visits)):
        if visits[action] > 0 and action != best:
            value = trees.child_value(tree.nodes[game, children[action]])
            least = visits[action] - np.floor(_forced_visits(settings, priors[action], total))
            while visits[action] > max(least, 0) and value + factor * priors[action] / visits[action] < limit:
                visits[action] -= 1
            if visits[action] <= 1:
                visits[action] = 0
