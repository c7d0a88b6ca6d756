"""The gate: a candidate becomes the best network by a match, or at once with gate=none."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from alphazero.config import gate as gate_config
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.data import run_folder
from alphazero.evaluation import agreement, match, openings, players, promotion
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

    def figures(self) -> dict[str, float | str]:
        """The decision by name, for the reporter."""
        figures: dict[str, float | str] = {"promoted": float(self.is_promoted)}
        if self.match is not None:
            figures |= {"score": self.match.score, "elo": self.match.elo.elo, "games": self.match.num_games}
            figures["limit_fraction"] = self.match.num_at_limit / max(1, self.match.num_games)
        figures["last"] = self._sentence()
        return figures

    def _sentence(self) -> str:
        verdict = "promoted" if self.is_promoted else "refused"
        result, limit = "", ""
        if self.match is not None:
            result = f", {self.match.summary()}"
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
        self, candidate: candidates.Candidate, should_stop: Callable[[], bool] = lambda: False
    ) -> Outcome | None:
        """Plays the match and promotes the candidate if it passes; None when told to stop.

        The promoted file and its certificate are on disk when this returns.
        """
        self._load(candidate)
        result = None
        if self._config.gate.kind is gate_config.GateKind.winrate:
            result = self._play(candidate, should_stop)
            if result is None:
                return None
            result.write_folder(self._folder.matches / f"step-{candidate.version:08d}")
        is_promoted = result is None or match.is_promoted(result, self._config.gate)
        if is_promoted:
            self._promote(candidate, result)
        outcome = Outcome(candidate=candidate, is_promoted=is_promoted, match=result)
        _logger.info("%s", outcome.figures()["last"])
        return outcome

    def _load(self, candidate: candidates.Candidate) -> None:
        if self._candidate is None:
            self._candidate = _make_evaluator(candidate, self._config)
        else:
            self._candidate.load(candidate.weights)

    def _play(
        self, candidate: candidates.Candidate, should_stop: Callable[[], bool]
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
        return match.play_match(a, b, self._config.game, first_moves, should_stop=should_stop)

    def _promote(self, candidate: candidates.Candidate, result: results.MatchResult | None) -> None:
        facts = {
            "steps": candidate.version,
            "games": candidate.games,
            "positions": candidate.positions,
            "match": None if result is None else result.facts(),
            **promotion.provenance(self._config),
        }
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
