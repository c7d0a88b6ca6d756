"""State of a search at the root: allowed moves, noise and the counters of the current search."""

from typing import NamedTuple

import numpy as np

from alphazero import arrays
from alphazero.jit import Boolean, Integer, jit
from alphazero.search import tree as trees


class Root(NamedTuple):
    """G games, A actions, S simulations. Every search overwrites it at its start."""

    priors: np.ndarray  # [G, A] float32 policy over the allowed moves, including noise
    scores: np.ndarray  # [G, A] float32 log of the priors plus Gumbel noise, -inf for moves not allowed
    visits: np.ndarray  # [G, A] int32 descents of this search, without those of kept subtrees
    children: np.ndarray  # [G, A] int32 node of each move; UNVISITED if none
    num_considered: np.ndarray  # [G] int32 moves that enter sequential halving
    num_started: np.ndarray  # [G] int32 descents that this search has begun
    num_left: np.ndarray  # [G] int32 descents that this search may still begin
    is_exploring: np.ndarray  # [G] bool whether noise and forced playouts are on
    schedule: np.ndarray  # [M + 1, S] int32, see gumbel.halving_schedule


def make_root(num_games: int, num_actions: int, schedule: np.ndarray) -> Root:
    """Makes a zeroed Root for `num_games` games."""
    shape = (num_games, num_actions)
    return Root(
        priors=np.zeros(shape, np.float32),
        scores=np.zeros(shape, np.float32),
        visits=np.zeros(shape, np.int32),
        children=np.zeros(shape, np.int32),
        num_considered=np.zeros(num_games, np.int32),
        num_started=np.zeros(num_games, np.int32),
        num_left=np.zeros(num_games, np.int32),
        is_exploring=np.zeros(num_games, np.bool_),
        schedule=schedule,
    )


@jit
def start(
    tree: trees.Tree,
    root: Root,
    indices: np.ndarray,
    forbid_pass: np.ndarray,
    is_exploring: Boolean,
    num_considered: Integer,
    num_simulations: Integer,
) -> None:
    """Begins a search in these games: copies and normalises the priors of the allowed moves.

    indices: [B] int64. forbid_pass: [B] bool; a pass that is the only legal move stays allowed.
    num_considered: most moves that enter sequential halving. num_simulations: descents for each game, but
    none for a game with a terminal root.

    If is_exploring is False, a withheld pass becomes a candidate: the search is for the best move, and there
    is no preceding pass in the tree that it could make look good.
    """
    last = root.priors.shape[1] - 1
    for slot in range(len(indices)):
        game = indices[slot]
        priors = root.priors[game]
        if not is_exploring and tree.nodes[game, trees.ROOT].withholds_pass:
            trees.give_pass_back(tree, game, trees.ROOT)
        trees.read_priors(tree, game, trees.ROOT, priors)
        rest = priors[:last].sum()
        if forbid_pass[slot] and rest > 0:
            priors[last] = 0
            arrays.divide(priors[:last], rest)
        root.visits[game] = 0
        _find_children(tree, root, game)
        root.num_considered[game] = min(num_considered, _count_positive(priors))
        root.num_started[game] = 0
        root.is_exploring[game] = is_exploring
        root.num_left[game] = 0 if tree.nodes[game, trees.ROOT].is_terminal else num_simulations


@jit
def _count_positive(priors: np.ndarray) -> int:
    count = 0
    for prior in priors:
        count += prior > 0
    return count


@jit
def _find_children(tree: trees.Tree, root: Root, game: Integer) -> None:
    root.children[game] = trees.UNVISITED
    child = tree.nodes[game, trees.ROOT].first_child
    while child != trees.NO_NODE:
        node = tree.nodes[game, child]
        root.children[game, node.action] = child
        child = node.next_sibling


def restrict(root: Root, indices: np.ndarray, allowed: np.ndarray) -> None:
    """Removes the priors of moves that are not in allowed [B, A] bool, in games where priors remain."""
    priors = root.priors[indices] * allowed
    totals = priors.sum(axis=1)
    is_left = totals > 0
    kept = indices[is_left]
    root.priors[kept] = priors[is_left] / totals[is_left, None]
    num_allowed = np.count_nonzero(priors[is_left], axis=1)
    root.num_considered[kept] = np.minimum(root.num_considered[kept], num_allowed)


def set_scores(root: Root, indices: np.ndarray, noise: np.ndarray | float) -> None:
    """Fills the scores of these games. noise: [B, A] Gumbel noise, or 0."""
    priors = root.priors[indices]
    # The logarithm of zero would also be correct, but raising the floating-point flag takes time.
    logits = np.log(np.maximum(priors, np.finfo(np.float32).tiny))
    root.scores[indices] = np.where(priors > 0, logits + noise, -np.inf)


def add_dirichlet_noise(
    root: Root, indices: np.ndarray, rng: np.random.Generator, fraction: float, concentration: float
) -> None:
    """Mixes Dirichlet noise into the priors of the allowed moves (AlphaZero, supplement).

    fraction: weight of the noise, in [0, 1]. Each of n allowed moves has the parameter concentration / n.
    Draws one gamma from `rng` for each action.
    """
    priors = root.priors[indices]
    allowed = priors > 0
    alpha = concentration / np.maximum(allowed.sum(axis=1, keepdims=True), 1)
    gammas = rng.standard_gamma(np.broadcast_to(alpha, priors.shape)) * allowed
    # With tiny parameters all gammas can underflow. Then the priors stay unchanged.
    total = gammas.sum(axis=1, keepdims=True)
    noise = np.where(total > 0, gammas / np.maximum(total, 1e-300), priors)
    root.priors[indices] = np.where(allowed, (1 - fraction) * priors + fraction * noise, 0)
