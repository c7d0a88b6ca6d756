"""One simulation for many games: descend to a leaf, expand it, back its value up."""

from typing import NamedTuple

import numpy as np

from alphazero.go import board, features, game, geometry, rules, scoring
from alphazero.jit import jit
from alphazero.search import gumbel, puct
from alphazero.search import tree as trees
from alphazero.search.settings import Settings

NO_ROW = -1
NO_END = np.float32(2.0)  # above every value


class Tables(NamedTuple):
    """What every kernel of the search reads."""

    geometry: geometry.Geometry
    settings: Settings
    scratch: board.Scratch


class Leaves(NamedTuple):
    """Where the descents of one step ended: G games, of which the first B entries are in use."""

    games: np.ndarray  # [G] game records, the positions at the leaves
    nodes: np.ndarray  # [G] int32 the leaf of each searched game, in the order of `indices`
    rows: np.ndarray  # [G] int32 its row below, or NO_ROW where the value is known already
    planes: np.ndarray  # [G, 18, P] uint8 what the network is asked
    legal: np.ndarray  # [G, A] bool legal moves of the same rows
    end_values: np.ndarray  # [G] float32 what a pass that ends the game is worth there, NO_END if it does not


def make_leaves(games: np.ndarray) -> Leaves:
    """Room for one leaf of each game; games: [G] game records."""
    count, num_points = len(games), games["stones"].shape[1] - 1
    return Leaves(
        games=games.copy(),
        nodes=np.zeros(count, np.int32),
        rows=np.zeros(count, np.int32),
        planes=np.zeros((count, features.NUM_PLANES, num_points), np.uint8),
        legal=np.zeros((count, num_points + 1), np.bool_),
        end_values=np.zeros(count, np.float32),
    )


@jit
def descend(tables, games, tree, root, leaves, indices, simulation):
    """Walks one path in each game of `indices`, adds its leaf, and returns how many need the network.

    A game whose tree is empty gets its root. simulation: 0-based number within this search.
    """
    num_rows = 0
    for slot in range(len(indices)):
        index = indices[slot]
        game.copy_game(leaves.games, index, games, index)
        node = _walk(tables, tree, root, leaves.games, index, simulation)
        leaves.nodes[slot] = node
        leaves.rows[slot] = NO_ROW
        if tree.visits[index, node] == 0:
            num_rows = _look_at_leaf(tables, tree, leaves, index, slot, num_rows)
    return num_rows


@jit
def _look_at_leaf(tables, tree, leaves, index, slot, num_rows):
    """Settles a new leaf by the rules, or adds a row for the network; returns the number of rows.

    After a pass the player to move may end the game: where that wins, it is what happens.
    """
    node = leaves.nodes[slot]
    passes, is_over = leaves.games[index].passes, leaves.games[index].over
    leaves.end_values[slot] = NO_END
    if is_over or passes == 1:
        end_value = _final_value(tables, leaves.games[index])
        if is_over or end_value > 0:
            tree.is_terminal[index, node] = True
            tree.raw_value[index, node] = end_value
            tree.priors[index, node, :] = 0
            tree.priors[index, node, tree.priors.shape[2] - 1] = 1
            return num_rows
        leaves.end_values[slot] = end_value
    leaves.rows[slot] = num_rows
    features.fill_planes(tables.geometry, leaves.games, index, leaves.planes[num_rows])
    game.legal_actions(tables.geometry, leaves.games, tables.scratch, index, leaves.legal[num_rows])
    return num_rows + 1


@jit
def _walk(tables, tree, root, games, index, simulation):
    """Plays moves on games[index] from the root to a leaf and returns its node."""
    if tree.num_nodes[index] == 0:
        return trees.add_node(tree, index, trees.NO_PARENT, 0)
    node = trees.ROOT
    while not tree.is_terminal[index, node]:
        action = _select(tables.settings, tree, root, index, node, simulation)
        if node == trees.ROOT:
            root.visits[index, action] += 1
        game.play(tables.geometry, games, tables.scratch, index, action)
        child = tree.child_index[index, node, action]
        if child == trees.UNVISITED:
            if tree.num_nodes[index] == tree.visits.shape[1]:
                return node
            return trees.add_node(tree, index, node, action)
        node = child
    return node


@jit
def _select(settings, tree, root, index, node, simulation):
    if settings.is_gumbel:
        if node == trees.ROOT:
            return gumbel.select_at_root(settings, tree, root, index, simulation)
        return gumbel.select(settings, tree, index, node)
    priors = root.priors[index] if node == trees.ROOT else tree.priors[index, node]
    return puct.select(settings, tree, index, node, priors)


@jit
def _final_value(tables, record):
    """What the game is worth if it ends here, in [-1, 1], as its player to move sees it."""
    margin = scoring.area_score(tables.geometry, record.stones[:], tables.scratch) - record.komi
    if record.to_play == rules.WHITE:
        margin = -margin
    outcome = tables.settings.outcome
    shares = (1 - outcome.score_weight) * np.sign(margin)
    return np.float32(shares + outcome.score_weight * np.tanh(margin / outcome.score_scale))


@jit
def expand_and_back_up(tree, leaves, indices, logits, values):
    """Writes the network's answers (logits [R, A], values [R]) into the leaves and backs all values up."""
    for slot in range(len(indices)):
        index, node, row = indices[slot], leaves.nodes[slot], leaves.rows[slot]
        if row != NO_ROW:
            tree.raw_value[index, node] = values[row]
            # Ending the game for less than the network expects of going on would be a blunder; were it
            # a candidate, its visits would make the opponent's pass before it look good.
            if leaves.end_values[slot] < values[row] and leaves.legal[row].sum() > 1:
                leaves.legal[row, leaves.legal.shape[1] - 1] = False
            trees.set_priors(tree, index, node, logits[row], leaves.legal[row])
        _back_up(tree, index, node, tree.raw_value[index, node])


@jit
def _back_up(tree, index, node, value):
    while node != trees.NO_PARENT:
        tree.visits[index, node] += 1
        tree.value_sum[index, node] += value
        value = -value
        node = tree.parent[index, node]


@jit
def read_results(tables, tree, root, indices, results):
    """Fills actions, policy, values and visits of `results` (lockstep.SearchResult) from the trees."""
    for slot in range(len(indices)):
        index = indices[slot]
        _count_visits(tree, index, results.visits[slot])
        results.raw_policy[slot] = tree.priors[index, trees.ROOT]
        if tables.settings.is_gumbel:
            results.values[slot] = gumbel.improved_policy(
                tables.settings, tree, root, index, results.policy[slot]
            )
            results.actions[slot] = gumbel.final_action(tables.settings, tree, root, index)
        else:
            puct.visit_policy(tree, index, root.priors[index], results.policy[slot])
            results.values[slot] = trees.mean_value(tree, index, trees.ROOT)
            results.actions[slot] = np.argmax(results.policy[slot])


@jit
def _count_visits(tree, index, visits):
    for action in range(len(visits)):
        child = tree.child_index[index, trees.ROOT, action]
        visits[action] = 0 if child == trees.UNVISITED else tree.visits[index, child]
