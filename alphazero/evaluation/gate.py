"""The gate, which promotes a candidate to best network after a match, or at once with gate=none."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from alphazero import heap, run_paths
from alphazero.config import gate as gate_config
from alphazero.config import schema
from alphazero.evaluation import agreement, gate_match, sprt
from alphazero.evaluation import result as results
from alphazero.net import inference
from alphazero.run_files import candidate as candidates
from alphazero.run_files import promotion, refused, run_folder

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOutcome:
    """Decision of the gate on a candidate."""

    candidate: candidates.Candidate
    is_promoted: bool
    match: results.MatchResult | None
    """None with gate=none."""
    verdict: sprt.SprtDecision | None = None
    """Decision of the sequential test; None unless gate=sprt."""

    def metrics(self) -> dict[str, float | str]:
        """Returns the metrics of the decision by name, for the reporter."""
        metrics: dict[str, float | str] = {"promoted": float(self.is_promoted)}
        if self.match is not None:
            metrics |= {"score": self.match.score, "elo": self.match.elo.elo, "games": self.match.num_games}
            metrics["limit_fraction"] = self.match.num_at_limit / max(1, self.match.num_games)
        if self.verdict is not None:
            metrics["llr"] = self.verdict.log_likelihood_ratio
        metrics["last"] = self._sentence()
        return metrics

    def _sentence(self) -> str:
        decision = "promoted" if self.is_promoted else "refused"
        result, limit = "", ""
        if self.match is not None:
            result = f", {self.match.summary()}"
            if self.verdict is not None:
                result += f", log-likelihood ratio {self.verdict.log_likelihood_ratio:+.2f}"
            limit = f", {self.match.num_at_limit} games at the move limit" if self.match.num_at_limit else ""
        return f"step {self.candidate.version} {decision}{result}{limit}"


class Gate:
    """Match of each candidate against the best network, and its consequences on disk."""

    def __init__(
        self,
        config: schema.Config,
        folder: run_folder.RunFolder,
        player: gate_match.MatchPlayer | None = None,
    ) -> None:
        """player: plays the matches; by default a `GateMatch` in this process."""
        self._config = config
        self._folder = folder
        self._promotions = promotion.Promotions(folder.promoted)
        self._player = player or gate_match.GateMatch(config)
        self._rng = np.random.default_rng([config.run.seed, 8])

    def start_with(self, best: candidates.Candidate) -> None:
        """Sets the best network so far: the last promoted one, or the untrained one."""
        self._player.start_with(best)

    def judge(
        self,
        candidate: candidates.Candidate,
        should_stop: Callable[[], bool] = lambda: False,
        on_progress: gate_match.OnProgress = lambda metrics: None,
    ) -> GateOutcome | None:
        """Plays the match and promotes the candidate if it passes. Returns None if `should_stop` ends it.

        On return, the promoted file and its certificate, or the refused file and its facts, are on disk.
        """
        try:
            return self._judge(candidate, should_stop, on_progress)
        finally:
            heap.release()

    def _judge(
        self,
        candidate: candidates.Candidate,
        should_stop: Callable[[], bool],
        on_progress: gate_match.OnProgress,
    ) -> GateOutcome | None:
        rule = self._config.gate
        if rule.kind is gate_config.GateKind.none:
            outcome = GateOutcome(candidate=candidate, is_promoted=True, match=None)
        else:
            result = self._player.play(candidate, should_stop, on_progress)
            if result is None:
                return None
            outcome = _outcome(candidate, result, rule)
            result.write_folder(
                self._folder.matches / run_paths.of_step(candidate.version), _test_facts(outcome, rule)
            )
        if outcome.is_promoted:
            self._promote(outcome)
        else:
            folder, facts = self._folder.refused, self._facts(outcome)
            refused.keep(folder, candidate.version, candidate.weights, facts, rule.keep_refused)
        _logger.info("%s", outcome.metrics()["last"])
        return outcome

    def _facts(self, outcome: GateOutcome) -> dict[str, Any]:
        """Returns the facts about a judged candidate for its certificate."""
        candidate, result = outcome.candidate, outcome.match
        test = _test_facts(outcome, self._config.gate)
        return {
            "steps": candidate.version,
            "games": candidate.games,
            "positions": candidate.positions,
            "match": None if result is None else result.facts() | test,
            **promotion.provenance(self._config),
        }

    def _promote(self, outcome: GateOutcome) -> None:
        candidate, facts = outcome.candidate, self._facts(outcome)
        # The certificate is about the file's arithmetic, so the check uses float32, whatever precision plays.
        exact = inference.make_evaluator(
            candidate.weights,
            size=self._config.game.size,
            device="cpu",
            precision="fp32",
            backend="torch",
        )
        check = agreement.make_check(exact, self._config.game, self._rng)
        self._promotions.promote(candidate.weights, facts, check)
        self._player.start_with(candidate)


def _outcome(
    candidate: candidates.Candidate, result: results.MatchResult, rule: gate_config.GateConfig
) -> GateOutcome:
    if rule.kind is gate_config.GateKind.winrate:
        return GateOutcome(candidate=candidate, is_promoted=result.score >= rule.threshold, match=result)
    decided = gate_match.test_of(rule).decide(result.pair_scores)
    is_better = decided.decision is sprt.Decision.better
    return GateOutcome(candidate=candidate, is_promoted=is_better, match=result, verdict=decided)


def _test_facts(outcome: GateOutcome, rule: gate_config.GateConfig) -> dict[str, Any]:
    """Returns the sequential test's entry in a certificate; empty without a test."""
    if outcome.verdict is None:
        return {}
    low, high = gate_match.test_of(rule).bounds
    return {
        "sprt": {
            "elo0": rule.elo0,
            "elo1": rule.elo1,
            "log_likelihood_ratio": outcome.verdict.log_likelihood_ratio,
            "bounds": [low, high],
            "decision": outcome.verdict.decision.value,
        }
    }
