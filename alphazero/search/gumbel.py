"""Gumbel AlphaZero: "Policy improvement by planning with Gumbel" (Danihelka et al., ICLR 2022).

Here q is the value in [-1, 1] itself, not rescaled to the values seen in the tree, hence
sigma(q) = (c_visit + max visits) * c_scale * q with c_scale near 0.5 (mctx rescales and uses 0.1).
"""

import math

import numpy as np

from alphazero.jit import jit
from alphazero.search import tree as trees
from alphazero.search.settings import Settings


def considered_visits(num_considered: int, num_simulations: int) -> list[int]:
    """Sequential halving as one number for each simulation: the visits its root action must have.

    Each round gives the surviving actions the same number of visits and keeps the better half
    (section 2 of the paper, algorithm 2).
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


def halving_schedule(most_considered: int, num_simulations: int) -> np.ndarray:
    """Table [most_considered + 1, num_simulations] int32 of `considered_visits`, a row for each number."""
    rows = [considered_visits(number, num_simulations) for number in range(most_considered + 1)]
    return np.array(rows, np.int32)


@jit
def select_at_root(settings: Settings, tree, root, game, simulation):
    """The action of largest g + logit + sigma(q) among those with the scheduled number of visits."""
    wanted = root.schedule[root.num_considered[game], simulation]
    best = _best_with_visits(settings, tree, root, game, wanted)
    # Fewer legal moves than the schedule counts on: any move will do.
    return best if best >= 0 else _best_with_visits(settings, tree, root, game, -1)


@jit
def final_action(settings: Settings, tree, root, game):
    """The best of the actions that this search visited most."""
    return _best_with_visits(settings, tree, root, game, root.visits[game].max())


@jit
def _best_with_visits(settings, tree, root, game, wanted):
    priors = root.priors[game]
    scale, mixed = _scale_and_mixed_value(settings, tree, game, trees.ROOT, priors)
    best, best_score = -1, -np.inf
    for action in range(len(priors)):
        if priors[action] > 0 and (wanted < 0 or root.visits[game, action] == wanted):
            value = _completed(tree, game, trees.ROOT, action, mixed)
            score = root.gumbel[game, action] + np.log(priors[action]) + scale * value
            if score > best_score:
                best, best_score = action, score
    return best


@jit
def select(settings: Settings, tree, game, node):
    """Below the root: the action of largest pi'(a) - N(a) / (1 + sum N) (paper, section 5).

    Unvisited actions share one completed value, so their pi' is a multiple of the prior and only
    visited ones need an exponential.
    """
    priors = tree.priors[game, node]
    scale, mixed = _scale_and_mixed_value(settings, tree, game, node, priors)
    total, normaliser, visited_mass = 0, 0.0, 0.0
    for action in range(len(priors)):
        child = tree.child_index[game, node, action]
        if child != trees.UNVISITED:
            total += tree.visits[game, child]
            visited_mass += priors[action]
            normaliser += priors[action] * _weight(tree, game, node, action, mixed, scale)
    normaliser += max(0.0, 1.0 - visited_mass)
    best, best_score = 0, -np.inf
    for action in range(len(priors)):
        if priors[action] > 0:
            score = priors[action] / normaliser
            child = tree.child_index[game, node, action]
            if child != trees.UNVISITED:
                score *= _weight(tree, game, node, action, mixed, scale)
                score -= tree.visits[game, child] / (1.0 + total)
            if score > best_score:
                best, best_score = action, score
    return best


@jit
def _weight(tree, game, node, action, mixed, scale):
    """exp(sigma(q) - sigma(mixed value)) of a visited action, bounded against overflow."""
    return np.exp(min(scale * (trees.child_value(tree, game, node, action) - mixed), 60.0))


@jit
def _scale_and_mixed_value(settings, tree, game, node, priors):
    """The factor of sigma, and v_mix of the paper's appendix D, seen by the player to move.

    v_mix = (raw value + sum N * (prior-weighted mean of visited q)) / (1 + sum N).
    """
    total, largest = 0, 0
    mass, weighted = 0.0, 0.0
    for action in range(len(priors)):
        child = tree.child_index[game, node, action]
        if child != trees.UNVISITED and priors[action] > 0:
            visits = tree.visits[game, child]
            total += visits
            largest = max(largest, visits)
            mass += priors[action]
            weighted += priors[action] * trees.child_value(tree, game, node, action)
    scale = (settings.c_visit + largest) * settings.c_scale
    raw = tree.raw_value[game, node]
    if mass == 0:
        return scale, np.float64(raw)
    return scale, (raw + total * weighted / mass) / (1 + total)


@jit
def _completed(tree, game, node, action, mixed):
    """Q of a visited action, the mixed value of an unvisited one."""
    if tree.child_index[game, node, action] == trees.UNVISITED:
        return mixed
    return trees.child_value(tree, game, node, action)


@jit
def improved_policy(settings: Settings, tree, root, game, policy):
    """Fills policy [A] with softmax(logits + sigma(completed q)) at the root and returns its value.

    The value is the policy's mean of the completed q, seen by the player to move.
    """
    priors = root.priors[game]
    scale, mixed = _scale_and_mixed_value(settings, tree, game, trees.ROOT, priors)
    largest = -np.inf
    for action in range(len(priors)):
        if priors[action] > 0:
            value = _completed(tree, game, trees.ROOT, action, mixed)
            largest = max(largest, np.log(priors[action]) + scale * value)
    total, weighted = 0.0, 0.0
    for action in range(len(priors)):
        weight = 0.0
        if priors[action] > 0:
            value = _completed(tree, game, trees.ROOT, action, mixed)
            weight = np.exp(np.log(priors[action]) + scale * value - largest)
            weighted += weight * value
        policy[action] = weight
        total += weight
    policy /= total
    return weighted / total
