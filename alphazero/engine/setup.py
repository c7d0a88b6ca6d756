"""Puts a GTP engine together from a network and a user's wishes."""

import importlib.metadata
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from alphazero.config import search as search_config
from alphazero.engine import clocks, session, state, thinking
from alphazero.net import leela
from alphazero.search import cache, symmetries, threads
from alphazero.search import evaluator as evaluators

NAME = "AlphaZero"
LEELA_ZERO = "0.17"
"""The release of Leela Zero whose analysis commands the engine understands.

`version` begins with it, because Lizzie splits the first word at its dots and asks for a second number of at
least 15. Another word there ends the thread in which Lizzie reads.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a user asks of an engine."""

    num_simulations: int
    size: int | None = None
    """None for what fits the network."""
    komi: float | None = None
    """None for 7 up to 9x9, else 7.5."""
    rules: state.Rules = field(default_factory=state.Rules)
    resign_threshold: float | None = None
    device: str = "auto"
    num_threads: int = 1
    """Of the network, on a CPU."""
    leaf_batch: int = 1
    """Positions that the network judges together."""
    symmetry: str = "none"
    """One of `config.search.Symmetry`."""
    max_time_s: float = math.inf
    """For a move, whatever the clock of the game says."""
    lag_s: float = 0.2
    """What each move takes on its way to the controller's clock."""
    ponders: bool = False
    """Whether it thinks on while its opponent does."""
    is_cached: bool = True
    """Whether the network's answers are kept for positions that come again."""


def make_engine(weights: leela.Weights | None, wishes: Wishes) -> session.Engine:
    """An engine that plays by PUCT without noise.

    weights: None for a uniform network on any board. ValueError where the network cannot do what is
    asked.
    """
    size = wishes.size or (weights.size if weights else 9)
    if weights and size != weights.size:
        raise ValueError(f"argument --size: {size}: the network plays {weights.size}x{weights.size} only")
    if weights:
        thinker, network = make_thinker(weights, wishes)
    else:
        thinker, network = None, "uniform network"
    setup = state.Setup(
        name=NAME,
        version=f"{LEELA_ZERO} ({NAME} {_version()})",
        description=f"{NAME} {_version()}\n{network}, {_effort(wishes)} a move (PUCT)",
        sizes=[weights.size] if weights else range(2, 20),
        size=size,
        komi=wishes.komi if wishes.komi is not None else (7.0 if size <= 9 else 7.5),
        rules=wishes.rules,
        resign_threshold=wishes.resign_threshold,
        ponders=wishes.ponders,
    )
    clock = clocks.Clock(wishes.lag_s, wishes.max_time_s, time.monotonic)
    return session.Engine(setup, lambda size: thinker or _uniform_thinker(size, wishes), clock)


def _effort(wishes: Wishes) -> str:
    limit = "" if math.isinf(wishes.max_time_s) else f" or {wishes.max_time_s:g} s"
    return f"{wishes.num_simulations} simulations{limit}"


def _version() -> str:
    try:
        return importlib.metadata.version("alphazero-go")
    except importlib.metadata.PackageNotFoundError:
        return "from a source folder"


def _search_config(wishes: Wishes) -> search_config.SearchConfig:
    return search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct,
        num_simulations=wishes.num_simulations,
        leaf_batch=wishes.leaf_batch,
        symmetry=search_config.Symmetry(wishes.symmetry),
    )


def _uniform_thinker(size: int, wishes: Wishes) -> thinking.Thinker:
    uniform = evaluators.UniformEvaluator(size)
    return thinking.Thinker(size, _search_config(wishes), uniform, lambda: uniform)


def make_thinker(weights: leela.Weights, wishes: Wishes) -> tuple[thinking.Thinker, str]:
    """What the engine thinks with, warmed up, and the network and its backend in words.

    ValueError for a device that is not there. How the backend was chosen goes to stderr.
    """
    # Here, because a uniform network needs no library for networks.
    from alphazero.net import inference

    team = inference.make_team(weights, wishes.num_threads, device=wishes.device, batch=wishes.leaf_batch)
    print(team[0].report, file=sys.stderr, flush=True)
    search = _search_config(wishes)
    caches: list[cache.CachedEvaluator] = []
    asked = [_dress(evaluator, search, weights.size, wishes, caches) for evaluator in team]
    evaluator = threads.ThreadedEvaluator(asked) if len(asked) > 1 else asked[0]
    thinker = thinking.Thinker(
        weights.size,
        search,
        evaluator,
        lambda: inference.make_exact(weights),
        lambda: _clear(caches),
    )
    # A first move that compiles kernels could lose on time.
    thinker.warm_up()
    return thinker, f"{weights.name} on {team[0].describe()}"


def _dress(
    evaluator: evaluators.Evaluator,
    search: search_config.SearchConfig,
    size: int,
    wishes: Wishes,
    caches: list[cache.CachedEvaluator],
) -> evaluators.Evaluator:
    """The evaluator with the symmetries and the cache that are asked for; the cache joins `caches`."""
    dressed = symmetries.wrap(evaluator, search, size, np.random.default_rng())
    if not wishes.is_cached:
        return dressed
    caches.append(cache.CachedEvaluator(dressed, size, cache.DEFAULT_BYTES // wishes.num_threads))
    return caches[-1]


def _clear(caches: Sequence[cache.CachedEvaluator]) -> None:
    for answers in caches:
        answers.clear()
