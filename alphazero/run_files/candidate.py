"""Networks on their way from the learner to the gate, in a module that does not import the gate."""

from dataclasses import dataclass

from alphazero.net import weights as network_weights
from alphazero.run_files import promotion


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A network on its way to the gate, with the version that its game records carry."""

    version: int
    """The learner's step, which only increases."""
    weights: network_weights.Weights
    games: int
    """Self-play games of the run when the network was published."""
    positions: int
    """Training positions of the run when the network was published."""


def from_promoted(promoted: promotion.Promoted) -> Candidate:
    """Converts a promoted network to a candidate, as the best network of a resumed run."""
    facts = promoted.certificate
    return Candidate(
        version=facts["steps"], weights=promoted.load(), games=facts["games"], positions=facts["positions"]
    )
