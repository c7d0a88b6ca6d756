"""Match of a gate: a candidate against the best network."""

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from alphazero.config import gate as gate_config
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.evaluation import match, openings, players, ratings, sprt
from alphazero.evaluation import result as results
from alphazero.net import inference
from alphazero.run_files import candidate as candidates

OnProgress = Callable[[dict[str, float]], None]
"""Receives metrics of a running match by name."""


class MatchPlayer(Protocol):
    """Interface of a gate's matches: `GateMatch`, or a proxy of one in another process."""

    def start_with(self, best: candidates.Candidate) -> None:
        """`GateMatch.start_with`."""
        ...

    def play(
        self, candidate: candidates.Candidate, should_stop: Callable[[], bool], on_progress: OnProgress
    ) -> results.MatchResult | None:
        """`GateMatch.play`."""
        ...


class GateMatch:
    """Matches of candidates against the best network, whose evaluator is kept."""

    def __init__(self, config: schema.Config) -> None:
        self._config = config
        self._rng = np.random.default_rng([config.run.seed, 3])
        self._new_best: candidates.Candidate | None = None
        self._best: inference.NetEvaluator | None = None
        self._best_version = -1
        self._candidate: inference.NetEvaluator | None = None
        self._candidate_version = -1

    def start_with(self, best: candidates.Candidate) -> None:
        """Sets the best network so far: the untrained one, or the newest promoted one."""
        if self._candidate is not None and best.version == self._candidate_version:
            # Swap the evaluators; the old best network's will load the next candidate.
            self._best, self._candidate = self._candidate, self._best
            self._candidate_version = -1
        else:
            self._best, self._new_best = None, best
        self._best_version = best.version

    def play(
        self,
        candidate: candidates.Candidate,
        should_stop: Callable[[], bool] = lambda: False,
        on_progress: OnProgress = lambda metrics: None,
    ) -> results.MatchResult | None:
        """Plays the match by the gate's settings. Returns None if `should_stop` ends it."""
        best, challenger = self._load(candidate)
        rule = self._config.gate
        first_moves = openings.draw(
            best,
            self._config.game,
            count=rule.num_games // 2,
            plies=rule.opening_plies,
            rng=self._rng,
        )
        is_bare = self._config.search.algorithm is search_config.Algorithm.none
        algorithm = search_config.Algorithm.none if is_bare else search_config.Algorithm.puct
        search = search_config.SearchConfig(algorithm=algorithm, num_simulations=rule.num_simulations)
        a = players.SearchPlayer(f"step-{candidate.version}", challenger, search, self._rng)
        b = players.SearchPlayer(f"step-{self._best_version}", best, search, self._rng)
        if rule.kind is gate_config.GateKind.winrate:
            return match.play_match(a, b, self._config.game, first_moves, should_stop=should_stop)
        test = test_of(rule)

        def decided(pair_scores: Sequence[float]) -> int | None:
            result = test.decide(pair_scores)
            on_progress(_progress(test, result, pair_scores))
            return None if result.decision is sprt.Decision.undecided else result.num_pairs

        return match.play_match(
            a, b, self._config.game, first_moves, should_stop=should_stop, decided=decided
        )

    def _load(self, candidate: candidates.Candidate) -> tuple[inference.NetEvaluator, inference.NetEvaluator]:
        """Returns evaluators of the best network and of the candidate, and keeps them for the next match."""
        if self._best is None:
            assert self._new_best is not None, "start_with comes first"
            self._best, self._new_best = self._make_evaluator(self._new_best), None
        if self._candidate is None:
            self._candidate = self._make_evaluator(candidate)
        else:
            self._candidate.load(candidate.weights)
        self._candidate_version = candidate.version
        return self._best, self._candidate

    def _make_evaluator(self, candidate: candidates.Candidate) -> inference.NetEvaluator:
        training = self._config.training
        return inference.make_evaluator(
            candidate.weights,
            size=self._config.game.size,
            device=training.device,
            precision=training.precision,
            batch=max(1, self._config.gate.num_games // 2),  # half of the games are the opponent's turn
        )


def test_of(rule: gate_config.GateConfig) -> sprt.Test:
    """Makes the sequential test of the settings."""
    return sprt.Test(
        elo0=rule.elo0,
        elo1=rule.elo1,
        alpha=rule.alpha,
        beta=rule.beta,
        min_pairs=rule.min_games // 2,
        max_pairs=rule.num_games // 2,
    )


def _progress(test: sprt.Test, result: sprt.SprtDecision, pair_scores: Sequence[float]) -> dict[str, float]:
    """Returns metrics of a running match. Infinite ends of the interval are omitted."""
    low, high = test.bounds
    elo = ratings.from_pairs(pair_scores)
    metrics = {
        "games": 2.0 * len(pair_scores),
        "refused_at": low,
        "llr": result.log_likelihood_ratio,
        "promoted_at": high,
        "elo": elo.elo,
        "elo_low": elo.low,
        "elo_high": elo.high,
    }
    return {name: value for name, value in metrics.items() if math.isfinite(value)}
