"""The gate: a candidate becomes the best network by a match, or at once with gate=none."""

import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from alphazero import heap
from alphazero.config import gate as gate_config
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.data import run_folder
from alphazero.evaluation import agreement, match, openings, players, promotion, refused, sprt
from alphazero.evaluation import candidate as candidates
from alphazero.evaluation import elo as ratings
from alphazero.evaluation import result as results
from alphazero.net import inference

_logger = logging.getLogger(__name__)

OnProgress = Callable[[dict[str, float]], None]
"""Hears of a match under way: figures by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the gate decided."""

    candidate: candidates.Candidate
    is_promoted: bool
    match: results.MatchResult | None
    """None with gate=none."""
    verdict: sprt.Verdict | None = None
    """Of the sequential test, with gate=sprt."""

    def figures(self) -> dict[str, float | str]:
        """The decision by name, for the reporter."""
        figures: dict[str, float | str] = {"promoted": float(self.is_promoted)}
        if self.match is not None:
            figures |= {"score": self.match.score, "elo": self.match.elo.elo, "games": self.match.num_games}
            figures["limit_fraction"] = self.match.num_at_limit / max(1, self.match.num_games)
        if self.verdict is not None:
            figures["llr"] = self.verdict.log_likelihood_ratio
        figures["last"] = self._sentence()
        return figures

    def _sentence(self) -> str:
        verdict = "promoted" if self.is_promoted else "refused"
        result, limit = "", ""
        if self.match is not None:
            result = f", {self.match.summary()}"
            if self.verdict is not None:
                result += f", log-likelihood ratio {self.verdict.log_likelihood_ratio:+.2f}"
            limit = f", {self.match.num_at_limit} games at the move limit" if self.match.num_at_limit else ""
        return f"step {self.candidate.version} {verdict}{result}{limit}"


class Gate:
    """Holds the best network and judges candidates against it."""

    def __init__(self, config: schema.Config, folder: run_folder.RunFolder) -> None:
        self._config = config
        self._folder = folder
        self._promotions = promotion.Promotions(folder.weights / "promoted")
        self._rng = np.random.default_rng([config.run.seed, 3])
        self._best_version = -1
        self._best: inference.NetEvaluator | None = None
        self._candidate: inference.NetEvaluator | None = None

    def start_with(self, best: candidates.Candidate) -> None:
        """Takes the best network so far: the last promoted one, or the untrained one."""
        self._best = _make_evaluator(best, self._config)
        self._best_version = best.version

    def judge(
        self,
        candidate: candidates.Candidate,
        should_stop: Callable[[], bool] = lambda: False,
        on_progress: OnProgress = lambda figures: None,
    ) -> Outcome | None:
        """Plays the match and promotes the candidate if it passes; None when told to stop.

        The promoted file and its certificate, or the refused one and its facts, are on disk when this
        returns.
        """
        try:
            return self._judge(candidate, should_stop, on_progress)
        finally:
            heap.release()

    def _judge(
        self, candidate: candidates.Candidate, should_stop: Callable[[], bool], on_progress: OnProgress
    ) -> Outcome | None:
        self._load(candidate)
        rule = self._config.gate
        if rule.kind is gate_config.GateKind.none:
            outcome = Outcome(candidate=candidate, is_promoted=True, match=None)
        else:
            result = self._play(candidate, should_stop, on_progress)
            if result is None:
                return None
            outcome = _outcome(candidate, result, rule)
            result.write_folder(
                self._folder.matches / f"step-{candidate.version:08d}", _test_facts(outcome, rule)
            )
        if outcome.is_promoted:
            self._promote(outcome)
        else:
            folder, facts = self._folder.weights / "refused", self._facts(outcome)
            refused.keep(folder, candidate.version, candidate.weights, facts, rule.keep_refused)
        _logger.info("%s", outcome.figures()["last"])
        return outcome

    def _load(self, candidate: candidates.Candidate) -> None:
        if self._candidate is None:
            self._candidate = _make_evaluator(candidate, self._config)
        else:
            self._candidate.load(candidate.weights)

    def _play(
        self, candidate: candidates.Candidate, should_stop: Callable[[], bool], on_progress: OnProgress
    ) -> results.MatchResult | None:
        assert self._best is not None and self._candidate is not None, "start_with comes first"
        rule = self._config.gate
        first_moves = openings.draw(
            self._best,
            self._config.game,
            count=rule.num_games // 2,
            plies=rule.opening_plies,
            rng=self._rng,
        )
        is_bare = self._config.search.algorithm is search_config.Algorithm.none
        algorithm = search_config.Algorithm.none if is_bare else search_config.Algorithm.puct
        search = search_config.SearchConfig(algorithm=algorithm, num_simulations=rule.num_simulations)
        a = players.Player(f"step-{candidate.version}", self._candidate, search, self._rng)
        b = players.Player(f"step-{self._best_version}", self._best, search, self._rng)
        if rule.kind is gate_config.GateKind.winrate:
            return match.play_match(a, b, self._config.game, first_moves, should_stop=should_stop)
        test = test_of(rule)

        def decided(pair_scores: Sequence[float]) -> int | None:
            verdict = test.decide(pair_scores)
            on_progress(_progress(test, verdict, pair_scores))
            return None if verdict.decision is sprt.Decision.undecided else verdict.num_pairs

        return match.play_match(
            a, b, self._config.game, first_moves, should_stop=should_stop, decided=decided
        )

    def _facts(self, outcome: Outcome) -> dict[str, Any]:
        """What is known of a judged candidate, for its certificate."""
        candidate, result = outcome.candidate, outcome.match
        test = _test_facts(outcome, self._config.gate)
        return {
            "steps": candidate.version,
            "games": candidate.games,
            "positions": candidate.positions,
            "match": None if result is None else result.facts() | test,
            **promotion.provenance(self._config),
        }

    def _promote(self, outcome: Outcome) -> None:
        candidate, facts = outcome.candidate, self._facts(outcome)
        # Certified is the arithmetic of the file, so it is checked in float32, whatever plays.
        exact = inference.make_evaluator(candidate.weights, device="cpu", precision="fp32", backend="torch")
        check = agreement.make_check(exact, self._config.game, self._rng)
        self._promotions.promote(candidate.weights, facts, check)
        # The evaluators change places; the old best network's is loaded with the next candidate.
        self._best, self._candidate = self._candidate, self._best
        self._best_version = candidate.version


def _make_evaluator(candidate: candidates.Candidate, config: schema.Config) -> inference.NetEvaluator:
    training = config.training
    return inference.make_evaluator(
        candidate.weights,
        device=training.device,
        precision=training.precision,
        batch=max(1, config.gate.num_games // 2),  # half of the games wait for the other player
    )


def test_of(rule: gate_config.GateConfig) -> sprt.Test:
    """The sequential test that the settings ask for."""
    return sprt.Test(
        elo0=rule.elo0,
        elo1=rule.elo1,
        alpha=rule.alpha,
        beta=rule.beta,
        min_pairs=rule.min_games // 2,
        max_pairs=rule.num_games // 2,
    )


def _outcome(
    candidate: candidates.Candidate, result: results.MatchResult, rule: gate_config.GateConfig
) -> Outcome:
    if rule.kind is gate_config.GateKind.winrate:
        return Outcome(candidate=candidate, is_promoted=result.score >= rule.threshold, match=result)
    verdict = test_of(rule).decide(result.pair_scores)
    is_better = verdict.decision is sprt.Decision.better
    return Outcome(candidate=candidate, is_promoted=is_better, match=result, verdict=verdict)


def _test_facts(outcome: Outcome, rule: gate_config.GateConfig) -> dict[str, Any]:
    """The sequential test in a certificate, nothing without one."""
    if outcome.verdict is None:
        return {}
    low, high = test_of(rule).bounds
    return {
        "sprt": {
            "elo0": rule.elo0,
            "elo1": rule.elo1,
            "log_likelihood_ratio": outcome.verdict.log_likelihood_ratio,
            "bounds": [low, high],
            "decision": outcome.verdict.decision.value,
        }
    }


def _progress(test: sprt.Test, verdict: sprt.Verdict, pair_scores: Sequence[float]) -> dict[str, float]:
    """Figures of a match under way; ends of the interval that nothing bounds are left out."""
    low, high = test.bounds
    elo = ratings.from_pairs(pair_scores)
    figures = {
        "games": 2.0 * len(pair_scores),
        "refused_at": low,
        "llr": verdict.log_likelihood_ratio,
        "promoted_at": high,
        "elo": elo.elo,
        "elo_low": elo.low,
        "elo_high": elo.high,
    }
    return {name: value for name, value in figures.items() if math.isfinite(value)}
