"""Gumbel AlphaZero: "Policy improvement by planning with Gumbel" (Danihelka et al., ICLR 2022).

Here q is the value in [-1, 1] and not rescaled to the values seen in the tree. Therefore
sigma(q) = (c_visit + max visits) * c_scale * q with c_scale near 0.5. mctx rescales q and uses 0.1.

In the kernels `game` is a tree's index, `index` a node's. `tree`, `root` and `settings` are `tree.Tree`,
`root.Root` and `constants.SearchConstants`.
"""

import functools
import math

import numpy as np

from alphazero import arrays
from alphazero.config import search as search_config
from alphazero.jit import Integer, Real, jit
from alphazero.search import interface, puct
from alphazero.search import root as roots
from alphazero.search import tree as trees
from alphazero.search.constants import SearchConstants

_ANY = -1
"""Matches every number of visits."""


def considered_visits(num_considered: int, num_simulations: int) -> list[int]:
    """Schedule of sequential halving: the visits that the root action of each simulation must have.

    Each round gives the surviving actions the same number of visits and keeps the better half (section 2 of
    the paper, algorithm 2).
    """
    if num_considered <= 1:
        return list(range(num_simulations))
    rounds = math.ceil(math.log2(num_considered))
    sequence: list[int] = []
    visits, survivors = 0, num_considered
    while len(sequence) < num_simulations:
        for _ in range(max(1, num_simulations // (rounds * survivors))):
            sequence += [visits] * survivors
            visits += 1
        survivors = max(2, survivors // 2)
    return sequence[:num_simulations]


@functools.lru_cache(maxsize=64)
def halving_schedule(most_considered: int, num_simulations: int) -> np.ndarray:
    """Table [most_considered + 1, num_simulations] int32; row n is `considered_visits` for n actions."""
    rows = [considered_visits(number, num_simulations) for number in range(most_considered + 1)]
    return np.array(rows, np.int32)


def prepare(
    root: roots.Root,
    indices: np.ndarray,
    options: interface.SearchOptions,
    config: search_config.SearchConfig,
    rng: np.random.Generator,
) -> roots.Root:
    """Fills the scores of these games, with Gumbel noise if the search explores, and sets the schedule."""
    noise = rng.gumbel(size=(len(indices), root.scores.shape[1])) if options.is_noisy else 0.0
    roots.set_scores(root, indices, noise)
    return root._replace(schedule=halving_schedule(options.num_considered, options.num_simulations))


@jit
def select_at_root(settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer) -> Integer:
    """The root action of largest g + logit + sigma(q) among those with the scheduled number of visits."""
    wanted = np.int64(root.schedule[root.num_considered[game], root.num_started[game]])
    best = _best_with_visits(settings, tree, root, game, wanted)
    # If there are fewer legal moves than the schedule expects, every move is a candidate.
    return best if best >= 0 else _best_with_visits(settings, tree, root, game, np.int64(_ANY))


@jit
def final_action(settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer) -> Integer:
    """The root action of largest g + logit + sigma(q) among those that this search visited most."""
    return _best_with_visits(settings, tree, root, game, np.int64(arrays.largest(root.visits[game])))


@jit
def _best_with_visits(
    settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer, wanted: Integer
) -> Integer:
    """The allowed action of largest score among those with `wanted` visits in this search; -1 if none."""
    scores, visits = root.scores[game], root.visits[game]
    scale = _scale(settings, _most_visits_at_root(tree, root, game))
    best, best_score = -1, -np.inf
    if wanted <= 0:
        best = _best_unvisited(scores, root.children[game])
        if best >= 0:
            _, mass, total, weighted = _visited_at_root(tree, root, game)
            mixed = _mixed_value(tree.nodes[game, trees.ROOT].raw_value, mass, total, weighted)
            best_score = scores[best] + scale * mixed
    child = tree.nodes[game, trees.ROOT].first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        action = np.int64(node.action)
        if visits[action] == wanted or wanted == _ANY:
            score = scores[action] + scale * trees.child_value(node)
            if score > best_score or (score == best_score and action < best):
                best, best_score = action, score
        child = node.next_sibling
    return best


@jit
def _best_unvisited(scores: np.ndarray, children: np.ndarray) -> int:
    """The allowed action of largest score among those without a node; -1 if there is none."""
    best, best_score = -1, np.float32(-np.inf)
    for action in range(len(scores)):
        if scores[action] > best_score and children[action] == trees.UNVISITED:
            best, best_score = action, scores[action]
    return best


@jit
def _most_visits_at_root(tree: trees.Tree, root: roots.Root, game: Integer) -> int:
    """The first result of `_visited_at_root`."""
    priors, largest = root.priors[game], 0
    child = tree.nodes[game, trees.ROOT].first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        if priors[node.action] > 0:
            largest = max(largest, node.visits + node.pending)
        child = node.next_sibling
    return largest


@jit
def _visited_at_root(
    tree: trees.Tree, root: roots.Root, game: Integer
) -> tuple[Integer, Real, Integer, Real]:
    """Most visits, and sums of priors, of visits and of prior * q, over the allowed moves with visits."""
    priors = root.priors[game]
    largest, mass, total, weighted = 0, 0.0, 0, 0.0
    child = tree.nodes[game, trees.ROOT].first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        prior = priors[node.action]
        if prior > 0:
            visits = node.visits + node.pending
            largest = max(largest, visits)
            mass += prior
            total += visits
            weighted += prior * trees.child_value(node)
        child = node.next_sibling
    return largest, mass, total, weighted


@jit
def _scale(settings: SearchConstants, most_visits: Integer) -> Real:
    """Factor of q in sigma(q)."""
    return (settings.c_visit + most_visits) * settings.c_scale


@jit
def _mixed_value(raw_value: Real, mass: Real, total: Integer, weighted: Real) -> Real:
    """v_mix of the paper's appendix D, seen by the player to move.

    v_mix = (raw value + sum N * (prior-weighted mean of visited q)) / (1 + sum N).
    """
    if mass == 0:
        return np.float64(raw_value)
    return (raw_value + total * weighted / mass) / (1 + total)


@jit
def select(
    settings: SearchConstants, tree: trees.Tree, game: Integer, index: Integer
) -> tuple[Integer, Integer]:
    """Selects below the root: the action of largest pi'(a) - N(a) / (1 + sum N) (paper, section 5).

    Returns the action and its node, UNVISITED if it has none. Ties go to the first action. Unvisited actions
    share one completed value, so their pi' is proportional to the prior. Therefore only the best of them can
    be selected, and only visited actions need an exponential. PUCT selects at nodes with many visits.
    """
    if tree.nodes[game, index].visits >= settings.gumbel_visits:
        return puct.select(settings, tree, game, index)
    parent = tree.nodes[game, index]
    largest, mass, total, weighted, top = _visited(tree, game, index)
    mixed = _mixed_value(parent.raw_value, mass, total, weighted)
    scale = _scale(settings, largest)
    best, best_child, best_score = trees.best_unvisited(tree, game, index), np.int64(trees.UNVISITED), -np.inf
    rest, normaliser = 0.0, 0.0
    if best != trees.NO_ACTION:
        top = max(top, mixed)
        rest = np.exp(scale * (mixed - top))
        normaliser = max(tree.unvisited[game, index, best], 1.0 - mass) * rest
    child = parent.first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        normaliser += _weight(node, top, scale)
        child = node.next_sibling
    if best != trees.NO_ACTION:
        best_score = tree.unvisited[game, index, best] * rest / normaliser
    child = parent.first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        visits = node.visits + node.pending
        score = _weight(node, top, scale) / normaliser - visits / (1.0 + total)
        if score > best_score or (score == best_score and node.action < best):
            best, best_score, best_child = np.int64(node.action), score, np.int64(child)
        child = node.next_sibling
    return best, best_child


@jit
def _visited(tree: trees.Tree, game: Integer, index: Integer) -> tuple[Integer, Real, Integer, Real, Real]:
    """Results of `_visited_at_root` for a node below the root, and the largest q."""
    largest, mass, total, weighted, top = 0, 0.0, 0, 0.0, -np.inf
    child = tree.nodes[game, index].first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        visits = node.visits + node.pending
        largest = max(largest, visits)
        mass += node.prior
        total += visits
        value = trees.child_value(node)
        weighted += node.prior * value
        top = max(top, value)
        child = node.next_sibling
    return largest, mass, total, weighted, top


@jit
def _weight(node: np.record, top: Real, scale: Real) -> Real:
    """prior * exp(sigma(q) - sigma(top)) of a visited action; top is the largest completed value."""
    return node.prior * np.exp(scale * (trees.child_value(node) - top))


@jit
def read_result(
    settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer, policy: np.ndarray
) -> tuple[Integer, Real]:
    """The `final_action`, and the result of `improved_policy`, which fills policy [A] float32."""
    value = improved_policy(settings, tree, root, game, policy)
    return final_action(settings, tree, root, game), value


@jit
def improved_policy(
    settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer, policy: np.ndarray
) -> Real:
    """Fills policy [A] float32 with softmax(logits + sigma(completed q)) at the root. Returns its value.

    The value is the mean of the completed q under this policy, seen by the player to move.
    """
    priors, children = root.priors[game], root.children[game]
    most_visits, mass, total, weighted = _visited_at_root(tree, root, game)
    mixed = _mixed_value(tree.nodes[game, trees.ROOT].raw_value, mass, total, weighted)
    scale = _scale(settings, most_visits)
    largest = mixed
    for action in range(len(priors)):
        if priors[action] > 0 and children[action] != trees.UNVISITED:
            largest = max(largest, trees.child_value(tree.nodes[game, children[action]]))
    norm, value_sum = 0.0, 0.0
    for action in range(len(priors)):
        value = mixed
        if children[action] != trees.UNVISITED:
            value = trees.child_value(tree.nodes[game, children[action]])
        weight = priors[action] * np.exp(scale * (value - largest))
        policy[action] = weight
        norm += weight
        value_sum += weight * value
    arrays.divide(policy, norm)
    return value_sum / norm
