"""PUCT: the selection rule of AlphaZero (Silver et al. 2018, supplement, "Search").

In the kernels `game` is a tree's index, `index` a node's. `tree`, `root` and `settings` are `tree.Tree`,
`root.Root` and `constants.SearchConstants`.
"""

import numpy as np

from alphazero import arrays
from alphazero.config import search as search_config
from alphazero.jit import Integer, Real, jit
from alphazero.search import interface
from alphazero.search import root as roots
from alphazero.search import tree as trees
from alphazero.search.constants import SearchConstants

_USUAL_WEIGHT = 2.0
"""Number of values that the usual deviation counts for (KataGo: `cpuctUtilityStdevPriorWeight`)."""
_LEAST_SHARE = 0.15
"""Share of the most visits that a move needs to be played for its bound (KataGo: `minVisitPropForLCB`)."""


def prepare(
    root: roots.Root,
    indices: np.ndarray,
    options: interface.SearchOptions,
    config: search_config.SearchConfig,
    rng: np.random.Generator,
) -> roots.Root:
    """Adds Dirichlet noise to the priors of these games if the search explores."""
    if options.is_noisy:
        roots.add_dirichlet_noise(root, indices, rng, config.noise_fraction, config.noise_concentration)
    return root


@jit
def select(
    settings: SearchConstants, tree: trees.Tree, game: Integer, index: Integer
) -> tuple[Integer, Integer]:
    """Selects below the root: the action of largest Q + U.

    Returns the action and its node, UNVISITED if it has none. Ties go to the first action. An unvisited
    action has Q = (mean value of the node) - fpu_reduction * sqrt(prior mass of its visited actions), as in
    Leela Zero (UCTNode.cpp).
    """
    total, mass = 0, 0.0
    child = tree.nodes[game, index].first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        total += node.visits + node.pending
        mass += node.prior
        child = node.next_sibling
    factor = _exploration(settings, tree.nodes[game, index], total)
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
def select_at_root(settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer) -> int:
    """Selects at the root as `select` does, among the allowed moves and with the priors of `root`.

    If the search explores, a visited move with fewer visits than `_forced_visits` is selected first.
    """
    priors, children = root.priors[game], root.children[game]
    total, mass = _visited_at_root(tree, root, game)
    fallback = trees.mean_value(tree.nodes[game, trees.ROOT]) - settings.fpu_reduction * np.sqrt(mass)
    factor = _exploration(settings, tree.nodes[game, trees.ROOT], total)
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
def _exploration(settings: SearchConstants, node: np.record, total: Integer) -> Real:
    """c(N) * sqrt(N) of a node whose children have N = `total` visits."""
    c = settings.c_init + np.log((1 + total + settings.c_base) / settings.c_base)
    if settings.utility_stdev_scale > 0:
        deviation = _deviation(settings, node)
        c *= 1 + settings.utility_stdev_scale * (deviation / settings.utility_stdev_prior - 1)
    # The square root is at least 1, so that the first visit follows the prior.
    return c * np.sqrt(max(total, 1))


@jit
def _deviation(settings: SearchConstants, node: np.record) -> Real:
    """Standard deviation of a node's values, with the weight of two values of the usual deviation.

    As in KataGo (searchexplorehelpers.cpp, `getFpuValueForChildrenAssumeVisited`).
    """
    if node.visits <= 1:
        return settings.utility_stdev_prior
    square_of_mean = trees.mean_value(node) ** 2
    usual = square_of_mean + settings.utility_stdev_prior**2
    total = _USUAL_WEIGHT * usual + node.square_sum
    return np.sqrt(max(0.0, total / (_USUAL_WEIGHT + node.visits - 1) - square_of_mean))


@jit
def _score(node: np.record, prior: Real, factor: Real) -> Real:
    return trees.child_value(node) + factor * prior / (1 + node.visits + node.pending)


@jit
def _visited_at_root(tree: trees.Tree, root: roots.Root, game: Integer) -> tuple[Integer, Real]:
    """Visits of the allowed children, and the prior mass of those children."""
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
def _forced_visits(settings: SearchConstants, prior: Real, total: Integer) -> Real:
    """sqrt(k * P * sum N) of Wu 2019, "Accelerating self-play learning in Go", section 3.2."""
    return np.sqrt(settings.forced_playouts * prior * total)


@jit
def read_result(
    settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer, policy: np.ndarray
) -> tuple[Integer, Real]:
    """The action to play and the mean value of the root. Fills policy as `visit_policy` does.

    The action is the most visited one, or that of the largest lower bound if the settings want it and the
    search does not explore.
    """
    action = visit_policy(settings, tree, root, game, policy)
    if settings.lcb_stdevs > 0 and not root.is_exploring[game]:
        action = _largest_lower_bound(settings, tree, root, game, action)
    return action, trees.mean_value(tree.nodes[game, trees.ROOT])


@jit
def _largest_lower_bound(
    settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer, most: Integer
) -> Integer:
    """The action of the largest lower bound of its value, if it has enough visits. most: the most visited."""
    priors, children = root.priors[game], root.children[game]
    best, best_bound = most, -np.inf
    if children[most] == trees.UNVISITED:
        return most
    least = _LEAST_SHARE * tree.nodes[game, children[most]].visits
    for action in range(len(priors)):
        if children[action] != trees.UNVISITED and priors[action] > 0:
            node = tree.nodes[game, children[action]]
            if node.visits > 0 and node.visits >= least:
                bound = trees.child_value(node) - settings.lcb_stdevs * _standard_error(node)
                if bound > best_bound:
                    best, best_bound = action, bound
    return best


@jit
def _standard_error(node: np.record) -> Real:
    """Standard error of the mean value of a node with visits.

    One more value, one away from the others, has the weight 1 / visits ** 2, so that nodes of few visits are
    uncertain, as in KataGo (searchhelpers.cpp, `getSelfUtilityLCBAndRadius`).
    """
    visits, square_of_mean = np.float64(node.visits), trees.mean_value(node) ** 2
    weight = 1 / visits**2
    square = max(node.square_sum / visits, square_of_mean + 1e-8)
    square = (square * visits + (square + 1) * weight) / (visits + weight)
    effective_visits = (visits + weight) ** 2 / (visits + weight**2)
    return np.sqrt((square - square_of_mean) / effective_visits)


@jit
def visit_policy(
    settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer, policy: np.ndarray
) -> Integer:
    """Fills policy [A] float32 with the shares of visits, or with the priors if nothing was visited.

    Returns the most visited action; ties go to the first. If the search explores, the policy does not count
    the visits that only forced playouts explain. Moves that keep a single visit get 0 (policy target pruning,
    Wu 2019, section 3.2).
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
def _prune(
    settings: SearchConstants,
    tree: trees.Tree,
    root: roots.Root,
    game: Integer,
    visits: np.ndarray,
    best: Integer,
    total: Integer,
) -> None:
    """Subtracts the visits that PUCT alone would not have spent, from all actions except `best`."""
    priors, children = root.priors[game], root.children[game]
    factor = _exploration(settings, tree.nodes[game, trees.ROOT], total)
    limit = _score(tree.nodes[game, children[best]], priors[best], factor)
    for action in range(len(visits)):
        if visits[action] > 0 and action != best:
            value = trees.child_value(tree.nodes[game, children[action]])
            least = visits[action] - np.floor(_forced_visits(settings, priors[action], total))
            while visits[action] > max(least, 0) and value + factor * priors[action] / visits[action] < limit:
                visits[action] -= 1
            if visits[action] <= 1:
                visits[action] = 0
