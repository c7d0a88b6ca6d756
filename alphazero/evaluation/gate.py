"""The gate: a candidate becomes the best network by a match, or at once with gate=none."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from alphazero.config import gate as gate_config
from alphazero.config import schema
from alphazero.data import run_folder
from alphazero.evaluation import match, players, promotion
from alphazero.net import inference, leela


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A network on its way to the gate, with the version that games played by it will carry."""

    version: int
    """The learner's step; it only grows."""
    weights: leela.Weights
    games: int
    """Self-play games of the run when it was made."""
    positions: int
    """Training positions of the run when it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the gate decided."""

    candidate: Candidate
    is_promoted: bool
    match: match.MatchResult | None
    """None with gate=none."""

    def figures(self) -> dict[str, float | str]:
        """The decision by name, for the reporter."""
        figures: dict[str, float | str] = {"promoted": float(self.is_promoted)}
        if self.match is not None:
            figures |= {"score": self.match.score, "elo": self.match.elo.elo, "games": self.match.num_games}
        figures["last"] = self._sentence()
        return figures

    def _sentence(self) -> str:
        verdict = "promoted" if self.is_promoted else "refused"
        result = f", {self.match.summary()}" if self.match is not None else ""
        return f"step {self.candidate.version} {verdict}{result}"


class Gate:
    """Holds the best network and judges candidates against it."""

    def __init__(self, config: schema.Config, folder: run_folder.RunFolder) -> None:
        self._config = config
        self._folder = folder
        self._promotions = promotion.Promotions(folder.weights / "promoted")
        self._rng = np.random.default_rng([config.run.seed, 3])
        self._best: Candidate | None = None

    def start_with(self, best: Candidate) -> None:
        """Takes the best network so far: the last promoted one, or the untrained one."""
        self._best = best

    def judge(self, candidate: Candidate, should_stop: Callable[[], bool] = lambda: False) -> Outcome | None:
        """Plays the match and promotes the candidate if it passes; None when told to stop.

        The promoted file and its certificate are on disk when this returns.
        """
        result = None
        if self._config.gate.kind is gate_config.GateKind.winrate:
            result = self._play(candidate, should_stop)
            if result is None:
                return None
            result.write_folder(self._folder.matches / f"step-{candidate.version:08d}")
        is_promoted = result is None or result.score >= self._config.gate.threshold
        if is_promoted:
            self._promotions.promote(candidate.weights, self._facts(candidate, result))
            self._best = candidate
        return Outcome(candidate=candidate, is_promoted=is_promoted, match=result)

    def _play(self, candidate: Candidate, should_stop: Callable[[], bool]) -> match.MatchResult | None:
        assert self._best is not None, "start_with comes first"
        raise NotImplementedError
