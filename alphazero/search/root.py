"""What a search adds at the root: which moves are allowed, noise, and the bookkeeping of halving."""

from typing import NamedTuple

import numpy as np

from alphazero.jit import jit
from alphazero.search import tree as trees


class Root(NamedTuple):
    """G games, A actions, S simulations; rewritten at the start of each search."""

    priors: np.ndarray  # [G, A] float32 policy over the allowed moves, noise included
    gumbel: np.ndarray  # [G, A] float32 Gumbel(0) noise, zero in play
    visits: np.ndarray  # [G, A] int32 visits of this search alone, kept subtrees not counted
    num_considered: np.ndarray  # [G] int32 moves that enter sequential halving
    schedule: np.ndarray  # [M + 1, S] int32, see gumbel.halving_schedule


def make_root(num_games: int, num_actions: int, schedule: np.ndarray) -> Root:
    """Zeroed bookkeeping for `num_games` games."""
    shape = (num_games, num_actions)
    return Root(
        priors=np.zeros(shape, np.float32),
        gumbel=np.zeros(shape, np.float32),
        visits=np.zeros(shape, np.int32),
        num_considered=np.zeros(num_games, np.int32),
        schedule=schedule,
    )


@jit
def allow_moves(tree, root, indices, forbid_pass, most_considered):
    """Copies the root priors of the allowed moves, renormalised.

    forbid_pass: [B] bool; a pass that is the only legal move stays allowed.
    """
    for slot in range(len(indices)):
        game = indices[slot]
        root.visits[game] = 0
        root.gumbel[game] = 0
        root.priors[game] = tree.priors[game, trees.ROOT]
        last = root.priors.shape[1] - 1
        rest = root.priors[game, :last].sum()
        if forbid_pass[slot] and rest > 0:
            root.priors[game, last] = 0
            root.priors[game, :last] /= rest
        root.num_considered[game] = min(most_considered, np.sum(root.priors[game] > 0))


def add_gumbel_noise(root: Root, indices: np.ndarray, rng: np.random.Generator) -> None:
    """Draws Gumbel(0) noise for each action of the searched games."""
    root.gumbel[indices] = rng.gumbel(size=(len(indices), root.gumbel.shape[1]))


def add_dirichlet_noise(
    root: Root, indices: np.ndarray, rng: np.random.Generator, fraction: float, concentration: float
) -> None:
    """Mixes Dirichlet noise into the priors of allowed moves (AlphaZero, supplement).

    Each of n allowed moves has the parameter concentration / n; one gamma is drawn for each action.
    """
    priors = root.priors[indices]
    allowed = priors > 0
    alpha = concentration / np.maximum(allowed.sum(axis=1, keepdims=True), 1)
    gammas = rng.standard_gamma(np.broadcast_to(alpha, priors.shape)) * allowed
    # Gammas of tiny parameters can all underflow; then the priors stay as they are.
    total = gammas.sum(axis=1, keepdims=True)
    noise = np.where(total > 0, gammas / np.maximum(total, 1e-300), priors)
    root.priors[indices] = np.where(allowed, (1 - fraction) * priors + fraction * noise, 0)
