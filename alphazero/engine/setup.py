"""Factory of GTP engines, from a network and the user's options."""

import importlib.metadata
import math
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import search as search_config
from alphazero.engine import clocks, engine_search, session, state
from alphazero.net import weights as network_weights
from alphazero.search import cache, symmetries, threads

NAME = "AlphaZero"
LEELA_ZERO = "0.17"
"""Release of Leela Zero whose analysis commands the engine supports.

The answer to `version` begins with it: Lizzie splits the first word at its dots and requires a second number
of at least 15. Any other word ends Lizzie's reader thread.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Options of an engine that a user sets."""

    num_simulations: int
    size: int | None = None
    """None for the network's only board size; 9 without a network or if it plays on all sizes."""
    komi: float | None = None
    """None for 7 up to 9x9, else 7.5."""
    rules: state.Rules = field(default_factory=state.Rules)
    resign_threshold: float | None = None
    device: str = "auto"
    num_threads: int = 1
    """Threads of the network, on a CPU."""
    leaf_batch: int = 1
    """Positions in one call of the network."""
    symmetry: str = "none"
    """One of `config.search.Symmetry`."""
    max_time_s: float = math.inf
    """Most time for a move, whatever the game's clock shows."""
    lag_s: float = 0.2
    """Time of a move on its way to the controller's clock."""
    ponders: bool = False
    """Whether the engine searches during the opponent's turn."""
    is_cached: bool = True
    """Whether the network's answers are cached."""


def make_engine(weights: network_weights.Weights | None, options: EngineOptions) -> session.Engine:
    """Makes an engine that plays by PUCT without noise.

    weights: None for a uniform network on any board. Raises ValueError if the network does not support
    the options.
    """
    own_size = network_weights.size_of(weights) if weights else None
    size = options.size or own_size or 9
    if own_size not in (None, size):
        raise ValueError(f"argument --size: {size}: the network plays {own_size}x{own_size} only")
    searches = _Searches(weights, options)
    network = searches.at(size).network if weights else "uniform network"
    setup = state.Setup(
        name=NAME,
        version=f"{LEELA_ZERO} ({NAME} {_version()})",
        description=f"{NAME} {_version()}\n{network}, {_budget_text(options)} a move (PUCT)",
        sizes=[own_size] if own_size else range(2, 20),
        size=size,
        komi=options.komi if options.komi is not None else (7.0 if size <= 9 else 7.5),
        rules=options.rules,
        resign_threshold=options.resign_threshold,
        ponders=options.ponders,
    )
    clock = clocks.Clock(options.lag_s, options.max_time_s, time.monotonic)
    return session.Engine(setup, lambda size: searches.at(size).search, clock)


class NetworkSearch(NamedTuple):
    """A search, and the network and backend that it uses."""

    search: engine_search.EngineSearch
    network: str


class _Searches:
    """Searches by board size. Only the newest one is kept."""

    def __init__(self, weights: network_weights.Weights | None, options: EngineOptions) -> None:
        self._weights, self._options = weights, options
        self._newest: tuple[int, NetworkSearch] | None = None

    def at(self, size: int) -> NetworkSearch:
        """The search for a board size."""
        if self._newest is None or self._newest[0] != size:
            self._newest = size, self._make(size)
        return self._newest[1]

    def _make(self, size: int) -> NetworkSearch:
        if self._weights is None:
            return NetworkSearch(_uniform_search(size, self._options), "uniform network")
        return make_search(self._weights, self._options, size)


def _budget_text(options: EngineOptions) -> str:
    limit = "" if math.isinf(options.max_time_s) else f" or {options.max_time_s:g} s"
    return f"{options.num_simulations} simulations{limit}"


def _version() -> str:
    try:
        return importlib.metadata.version("alphazero-go")
    except importlib.metadata.PackageNotFoundError:
        return "from a source folder"


def _search_config(options: EngineOptions) -> search_config.SearchConfig:
    return search_config.SearchConfig(
        algorithm=search_config.Algorithm.puct,
        num_simulations=options.num_simulations,
        leaf_batch=options.leaf_batch,
        symmetry=search_config.Symmetry(options.symmetry),
    )


def _uniform_search(size: int, options: EngineOptions) -> engine_search.EngineSearch:
    uniform = evaluators.UniformEvaluator(size)
    return engine_search.EngineSearch(size, _search_config(options), uniform, lambda: uniform)


def make_search(
    weights: network_weights.Weights, options: EngineOptions, size: int | None = None
) -> NetworkSearch:
    """Makes a search that is warmed up. size: of the board; None for the network's only one.

    Raises ValueError for a missing device. A report of how the backend was chosen goes to stderr.
    """
    # Imported here, as a uniform network needs no library for networks.
    from alphazero.net import inference

    team = inference.make_team(
        weights, options.num_threads, size=size, device=options.device, batch=options.leaf_batch
    )
    size = team[0].size
    print(team[0].report, file=sys.stderr, flush=True)
    config = _search_config(options)
    caches: list[cache.CachedEvaluator] = []
    wrapped = [_wrap_evaluator(evaluator, config, size, options, caches) for evaluator in team]
    evaluator = threads.ThreadedEvaluator(wrapped) if len(wrapped) > 1 else wrapped[0]
    search = engine_search.EngineSearch(
        size,
        config,
        evaluator,
        lambda: inference.make_exact(weights, size),
        lambda: _clear(caches),
    )
    # Compiling kernels in the first move could lose on time.
    search.warm_up()
    return NetworkSearch(search, f"{network_weights.name_of(weights)} on {team[0].describe()}")


def _wrap_evaluator(
    evaluator: evaluators.Evaluator,
    search: search_config.SearchConfig,
    size: int,
    options: EngineOptions,
    caches: list[cache.CachedEvaluator],
) -> evaluators.Evaluator:
    """Wraps the evaluator in symmetries and a cache, as the options say. Appends the cache to `caches`."""
    wrapped = symmetries.wrap(evaluator, search, size, np.random.default_rng())
    if not options.is_cached:
        return wrapped
    num_bytes = cache.DEFAULT_BYTES // options.num_threads
    caches.append(cache.CachedEvaluator(wrapped, size, num_bytes, evaluators.family(evaluator)))
    return caches[-1]


def _clear(caches: Sequence[cache.CachedEvaluator]) -> None:
    for answers in caches:
        answers.clear()
