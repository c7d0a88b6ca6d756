"""Rules of the search, one module each. A rule decides which moves descents take and what a search returns.

The module of a rule has four functions. A new rule takes such a module, a member of `Algorithm`, and its
lines below, in `PREPARE` and in each kernel. Settings of its own go to `config/search.py` and `constants.py`.
Only self-play uses the configured rule: gates, the ladder, matches and the GTP engine search by PUCT, and a
gate after self-play without a search draws its moves, too.

- `prepare(root, indices, options, config, rng) -> Root`: gives roots what the rule needs before the first
  descent, such as noise. This is Python; the others are kernels.
- `select_at_root(settings, tree, root, game) -> action`: the root's action of the next descent.
- `select(settings, tree, game, index) -> (action, child)`: the same at a node below the root. child: the node
  that the action leads to, or UNVISITED.
- `read_result(settings, tree, root, game, policy) -> (action, value)`: the move to play, and the value of the
  root in [-1, 1], from the view of its player. Fills policy [A] float32 with the improved policy, training's
  target.
"""

from collections.abc import Callable, Mapping

import numpy as np

from alphazero.config import search as search_config
from alphazero.jit import Integer, Real, jit
from alphazero.search import constants, gumbel, interface, puct
from alphazero.search import root as roots
from alphazero.search import tree as trees
from alphazero.search.constants import SearchConstants

Prepare = Callable[
    [roots.Root, np.ndarray, interface.SearchOptions, search_config.SearchConfig, np.random.Generator],
    roots.Root,
]

PREPARE: Mapping[search_config.Algorithm, Prepare] = {
    search_config.Algorithm.gumbel: gumbel.prepare,
    search_config.Algorithm.puct: puct.prepare,
}
"""The rules that search a tree."""

_GUMBEL = constants.number_of(search_config.Algorithm.gumbel)
_PUCT = constants.number_of(search_config.Algorithm.puct)


@jit
def select_at_root(settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer) -> Integer:
    """The root's action of the next descent in this game."""
    if settings.rule == _GUMBEL:
        return gumbel.select_at_root(settings, tree, root, game)
    assert settings.rule == _PUCT, "a rule is missing here"
    return puct.select_at_root(settings, tree, root, game)


@jit
def select(
    settings: SearchConstants, tree: trees.Tree, game: Integer, index: Integer
) -> tuple[Integer, Integer]:
    """The action of a descent at node `index` below the root, and its child or UNVISITED."""
    if settings.rule == _GUMBEL:
        return gumbel.select(settings, tree, game, index)
    assert settings.rule == _PUCT, "a rule is missing here"
    return puct.select(settings, tree, game, index)


@jit
def read_result(
    settings: SearchConstants, tree: trees.Tree, root: roots.Root, game: Integer, policy: np.ndarray
) -> tuple[Integer, Real]:
    """The move to play and the value of the root. Fills policy [A] float32 with the improved policy."""
    if settings.rule == _GUMBEL:
        return gumbel.read_result(settings, tree, root, game, policy)
    assert settings.rule == _PUCT, "a rule is missing here"
    return puct.read_result(settings, tree, root, game, policy)
