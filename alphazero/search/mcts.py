"""Kernels of simulations for many games: descent, expansion and back-up.

The public kernels share these arguments:

- tables: Tables. tree: `tree.Tree` of G games. root: `root.Root`. leaves: Leaves.
- games: [G] game states. They are only read; a descent plays on the copy leaves.walker.
- indices: [B] int64, the games to work on; `game` is one of them and `index` a node of its tree.
"""

from typing import NamedTuple

import numpy as np

from alphazero.go import board, game_kernels, geometry, input_families, rules, scoring
from alphazero.jit import Boolean, Integer, Real, jit
from alphazero.search import interface, selection
from alphazero.search import root as roots
from alphazero.search import tree as trees
from alphazero.search.constants import SearchConstants

WALKER = np.int64(0)
"""Index of the only record in `Leaves.walker`."""


_LEAST_WEIGHT = np.float32(1e-30)
"""Lower bound of a divisor, which avoids a division by zero."""


class Tables(NamedTuple):
    """Constants of all kernels of the search."""

    geometry: geometry.Geometry
    settings: SearchConstants
    family: int  # `go.input_families.InputFamily.number`


class Leaves(NamedTuple):
    """Leaves of one step that the network evaluates, at most L rows. Only one thread writes to them."""

    walker: np.ndarray  # [1] game state, the position on the current path
    trees: np.ndarray  # [L] int32 index of the leaf's game
    nodes: np.ndarray  # [L] int32 node of the leaf in its tree
    planes: np.ndarray  # [L, C, P] uint8 input of the network
    globals: np.ndarray  # [L, G] float32 global inputs of the network
    legal: np.ndarray  # [A] bool legal moves of the walker
    counts: np.ndarray  # [2] int64 number of rows in use, number of paths
    scratch: board.Scratch


def make_leaves(games: np.ndarray, planes: np.ndarray, global_inputs: np.ndarray) -> Leaves:
    """Makes buffers for L = len(planes) leaves of games of this layout.

    planes: [L, C, P] uint8. global_inputs: [L, G] float32.
    """
    count, _, num_points = planes.shape
    return Leaves(
        walker=np.zeros(1, games.dtype),
        trees=np.zeros(count, np.int32),
        nodes=np.zeros(count, np.int32),
        planes=planes,
        globals=global_inputs,
        legal=np.zeros(num_points + 1, np.bool_),
        counts=np.zeros(2, np.int64),
        scratch=board.make_scratch(num_points),
    )


@jit
def open_roots(
    tables: Tables,
    games: np.ndarray,
    tree: trees.Tree,
    leaves: Leaves,
    indices: np.ndarray,
    settles_passes: Boolean,
) -> None:
    """Makes the roots of games whose trees are empty. Fills leaves with those that the network must evaluate.

    settles_passes: bool, whether a root where a second pass wins is terminal, as such nodes below the root
    are.
    """
    leaves.counts[:] = 0
    for entry in range(len(indices)):
        game = np.int64(indices[entry])
        game_kernels.copy_game(leaves.walker, WALKER, games, game)
        index = trees.add_node(tree, game, np.int64(trees.NO_PARENT), np.int64(0))
        tree.nodes[game, index].pending += 1
        _enter_leaf(tables, tree, leaves, game, index, settles_passes)


@jit
def open_policies(
    tables: Tables, games: np.ndarray, tree: trees.Tree, leaves: Leaves, indices: np.ndarray
) -> None:
    """Opens the roots that are still closed. Reconsiders the pass at roots that withhold it."""
    for entry in range(len(indices)):
        game = np.int64(indices[entry])
        node = tree.nodes[game, trees.ROOT]
        if node.best_unvisited == trees.CLOSED:
            game_kernels.copy_game(leaves.walker, WALKER, games, game)
            _open_node(tables, tree, leaves, game, np.int64(trees.ROOT))
        elif node.withholds_pass:
            game_kernels.copy_game(leaves.walker, WALKER, games, game)
            _reconsider_pass(tables, tree, leaves, game, np.int64(trees.ROOT))


@jit
def descend(
    tables: Tables,
    games: np.ndarray,
    tree: trees.Tree,
    root: roots.Root,
    leaves: Leaves,
    indices: np.ndarray,
    most_rows: Integer,
) -> None:
    """Descends in each game until `most_rows` of its leaves wait for the network. Fills leaves.

    A known value at the end of a path is backed up at once, so that batches stay full. A path to a leaf that
    already waits is taken back and ends the descents of that game in this step.
    """
    leaves.counts[:] = 0
    for entry in range(len(indices)):
        game, first_row = np.int64(indices[entry]), leaves.counts[0]
        while root.num_left[game] > 0 and leaves.counts[0] < first_row + most_rows:
            game_kernels.copy_game(leaves.walker, WALKER, games, game)
            index = _walk(tables, tree, root, leaves, game)
            if tree.nodes[game, index].visits == 0 and tree.nodes[game, index].pending > 1:
                _take_back(tree, root, game, index)
                break
            root.num_left[game] -= 1
            leaves.counts[1] += 1
            _enter_leaf(tables, tree, leaves, game, index, np.bool_(True))


@jit
def _walk(tables: Tables, tree: trees.Tree, root: roots.Root, leaves: Leaves, game: Integer) -> Integer:
    """Descends from the root to a leaf, whose index it returns. Plays on leaves.walker and marks the path.

    If the tree is full, it ends at an inner node.
    """
    index = np.int64(trees.ROOT)
    tree.nodes[game, index].pending += 1
    while tree.nodes[game, index].visits > 0 and not tree.nodes[game, index].is_terminal:
        if index == trees.ROOT:
            action = selection.select_at_root(tables.settings, tree, root, game)
            child = np.int64(root.children[game, action])
            root.visits[game, action] += 1
            root.num_started[game] += 1
        else:
            if tree.nodes[game, index].best_unvisited == trees.CLOSED:
                _open_node(tables, tree, leaves, game, index)
            elif tree.nodes[game, index].withholds_pass:
                _reconsider_pass(tables, tree, leaves, game, index)
            action, child = selection.select(tables.settings, tree, game, index)
        if child == trees.UNVISITED:
            if tree.num_nodes[game] == tree.nodes.shape[1]:
                return index
            child = trees.add_node(tree, game, index, action)
            if index == trees.ROOT:
                root.children[game, action] = child
        game_kernels.play(tables.geometry, leaves.walker, leaves.scratch, WALKER, action)
        index = child
        tree.nodes[game, index].pending += 1
    return index


@jit
def _open_node(tables: Tables, tree: trees.Tree, leaves: Leaves, game: Integer, index: Integer) -> None:
    """Opens a node at the walker's position: gives it its policy over the legal moves.

    Withholds a pass that would end the game with less than the network's value. Such a pass would be a
    blunder, and its visits would make the opponent's preceding pass look good.
    """
    position, legal = leaves.walker[WALKER], leaves.legal
    game_kernels.legal_actions(tables.geometry, leaves.walker, WALKER, legal)
    is_worse = False
    if position.passes == 1 and legal.sum() > 1:
        is_worse = _final_value(tables, leaves, position) < tree.nodes[game, index].raw_value
    last = len(legal) - 1
    legal[last] = not is_worse
    weight = tree.unvisited[game, index, last]
    total = trees.open_node(tree, game, index, legal)
    if is_worse:
        trees.withhold_pass(tree, game, index, weight / max(total + weight, _LEAST_WEIGHT))


@jit
def _reconsider_pass(tables: Tables, tree: trees.Tree, leaves: Leaves, game: Integer, index: Integer) -> None:
    """Gives a withheld pass back if the node's mean value is now less than the value of ending the game."""
    mean, raw_value = trees.mean_value(tree.nodes[game, index]), tree.nodes[game, index].raw_value
    # Ending the game is worth less than the raw value, so it is better only if the mean is less as well.
    if mean < raw_value and mean < _final_value(tables, leaves, leaves.walker[WALKER]):
        trees.give_pass_back(tree, game, index)


@jit
def _take_back(tree: trees.Tree, root: roots.Root, game: Integer, index: Integer) -> None:
    """Undoes the marks and counts of the path to a node."""
    action = np.int64(0)
    while index != trees.NO_PARENT:
        record = tree.nodes[game, index]
        record.pending -= 1
        if record.parent == trees.ROOT:
            action = np.int64(record.action)
        index = np.int64(record.parent)
    root.visits[game, action] -= 1
    root.num_started[game] -= 1


@jit
def _enter_leaf(
    tables: Tables, tree: trees.Tree, leaves: Leaves, game: Integer, index: Integer, settles_passes: Boolean
) -> None:
    """Backs up the value of a leaf if it is known or the rules give it. Adds a row for other leaves.

    After a pass the player to move can end the game. If that wins and settles_passes is True, the leaf is
    terminal.
    """
    if tree.nodes[game, index].visits > 0:
        _back_up(tree, game, index, tree.nodes[game, index].raw_value)
        return
    position, row = leaves.walker[WALKER], leaves.counts[0]
    if position.over or position.passes == 1:
        end_value = _final_value(tables, leaves, position)
        if position.over or (settles_passes and end_value > 0):
            _end_game(tree, game, index, end_value)
            _back_up(tree, game, index, end_value)
            return
    leaves.counts[0] += 1
    leaves.trees[row] = game
    leaves.nodes[row] = index
    input_families.fill(
        tables.family, tables.geometry, leaves.walker, WALKER, leaves.planes[row], leaves.globals[row]
    )


@jit
def _end_game(tree: trees.Tree, game: Integer, index: Integer, value: Real) -> None:
    """Makes a node terminal, with a pass as its only move."""
    tree.nodes[game, index].is_terminal = True
    tree.nodes[game, index].raw_value = value
    tree.unvisited[game, index, :] = 0
    tree.unvisited[game, index, tree.unvisited.shape[2] - 1] = 1


@jit
def _final_value(tables: Tables, leaves: Leaves, record: np.record) -> np.float32:
    """Value in [-1, 1] of a game that ends here, seen by its player to move."""
    margin = scoring.area_score(tables.geometry, record.stones[:], leaves.scratch) - record.komi
    if record.to_play == rules.WHITE:
        margin = -margin
    outcome = tables.settings.outcome
    shares = (1 - outcome.score_weight) * np.sign(margin)
    return np.float32(shares + outcome.score_weight * np.tanh(margin / outcome.score_scale))


@jit
def store_and_back_up(tree: trees.Tree, leaves: Leaves, weights: np.ndarray, values: np.ndarray) -> None:
    """Writes the network's outputs into the leaves and backs up the values.

    weights: [L, A] float32, exponentials of the logits up to a common factor. values: [L] float32 in [-1, 1],
    seen by the player to move.
    """
    for row in range(leaves.counts[0]):
        game, index = np.int64(leaves.trees[row]), np.int64(leaves.nodes[row])
        tree.nodes[game, index].raw_value = values[row]
        trees.close(tree, game, index, weights[row])
        _back_up(tree, game, index, values[row])


@jit
def _back_up(tree: trees.Tree, game: Integer, index: Integer, value: Real) -> None:
    while index != trees.NO_PARENT:
        record = tree.nodes[game, index]
        record.pending -= 1
        record.visits += 1
        record.value_sum += value
        record.square_sum += value * value
        value = -value
        index = np.int64(record.parent)


@jit
def read_results(
    tables: Tables, tree: trees.Tree, root: roots.Root, indices: np.ndarray, results: interface.SearchResult
) -> None:
    """Fills results, row b for games[indices[b]], from the trees."""
    for slot in range(len(indices)):
        game = np.int64(indices[slot])
        trees.read_priors(tree, game, np.int64(trees.ROOT), results.raw_policy[slot])
        _count_visits(tree, root, game, results.visits[slot])
        action, value = selection.read_result(tables.settings, tree, root, game, results.policy[slot])
        results.actions[slot], results.values[slot] = action, value


@jit
def _count_visits(tree: trees.Tree, root: roots.Root, game: Integer, visits: np.ndarray) -> None:
    for action in range(len(visits)):
        child = root.children[game, action]
        visits[action] = 0 if child == trees.UNVISITED else tree.nodes[game, child].visits


@jit
def read_policies(tree: trees.Tree, indices: np.ndarray, policies: np.ndarray) -> None:
    """Fills policies [B, A] float32 with the network's policy at the roots of these games."""
    for slot in range(len(indices)):
        trees.read_priors(tree, np.int64(indices[slot]), np.int64(trees.ROOT), policies[slot])


@jit
def keep_subtrees(
    tree: trees.Tree, new_index: np.ndarray, indices: np.ndarray, actions: np.ndarray, limit: Integer
) -> None:
    """Calls `trees.keep_subtree` for each of these games.

    new_index: [N] int32 scratch. actions: [B] int64, the moves played. limit: most nodes that survive in a
    tree.
    """
    for slot in range(len(indices)):
        trees.keep_subtree(tree, new_index, np.int64(indices[slot]), np.int64(actions[slot]), limit)
