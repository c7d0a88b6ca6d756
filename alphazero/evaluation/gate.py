"""The gate: a candidate becomes the best network by a match, or at once with gate=none."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from alphazero import heap
from alphazero.config import gate as gate_config
from alphazero.config import schema
from alphazero.data import run_folder
from alphazero.evaluation import agreement, gate_match, promotion, refused, sprt
from alphazero.evaluation import candidate as candidates
from alphazero.evaluation import result as results
from alphazero.net import inference

_logger = logging.getLogger(__name__)


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
    """Judges candidates against the best network."""

    def __init__(
        self,
        config: schema.Config,
        folder: run_folder.RunFolder,
        player: gate_match.Player | None = None,
    ) -> None:
        """player: plays the matches, by default here."""
        self._config = config
        self._folder = folder
        self._promotions = promotion.Promotions(folder.weights / "promoted")
        self._player = player or gate_match.GateMatch(config)
        self._rng = np.random.default_rng([config.run.seed, 8])

    def start_with(self, best: candidates.Candidate) -> None:
        """Takes the best network so far: the last promoted one, or the untrained one."""
        self._player.start_with(best)

    def judge(
        self,
        candidate: candidates.Candidate,
        should_stop: Callable[[], bool] = lambda: False,
        on_progress: gate_match.OnProgress = lambda figures: None,
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
        self,
        candidate: candidates.Candidate,
        should_stop: Callable[[], bool],
        on_progress: gate_match.OnProgress,
    ) -> Outcome | None:
        rule = self._config.gate
        if rule.kind is gate_config.GateKind.none:
            outcome = Outcome(candidate=candidate, is_promoted=True, match=None)
        else:
            result = self._player.play(candidate, should_stop, on_progress)
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
        self._player.start_with(candidate)


def _outcome(
    candidate: candidates.Candidate, result: results.MatchResult, rule: gate_config.GateConfig
) -> Outcome:
    if rule.kind is gate_config.GateKind.winrate:
        return Outcome(candidate=candidate, is_promoted=result.score >= rule.threshold, match=result)
    verdict = gate_match.test_of(rule).decide(result.pair_scores)
    is_better = verdict.decision is sprt.Decision.better
    return Outcome(candidate=candidate, is_promoted=is_better, match=result, verdict=verdict)


def _test_facts(outcome: Outcome, rule: gate_config.GateConfig) -> dict[str, Any]:
    """The sequential test in a certificate, nothing without one."""
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
