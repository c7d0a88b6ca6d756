"""A network on its way from the learner to the gate; apart from the gate because everyone hands it on."""

from dataclasses import dataclass

from alphazero.evaluation import promotion
from alphazero.net import leela


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


def from_promoted(promoted: promotion.Promoted) -> Candidate:
    """A promoted network as the best one to go on with."""
    facts = promoted.certificate
    return Candidate(
        version=facts["steps"], weights=promoted.load(), games=facts["games"], positions=facts["positions"]
    )
