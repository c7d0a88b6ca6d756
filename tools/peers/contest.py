"""Contests in rounds: each contestant in turn, then again; medians, as some turns are disturbed."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alphazero.benchmarks import figures

Side = Callable[[int], float]
"""One turn of a contestant: its rate in this round, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Ours beside a peer."""

    name: str
    """Such as "selfplay.b4c32"."""
    unit: str
    ours: float
    """The median of the rounds."""
    peer: float
    """The median of the rounds of the peer's best setup."""
    setup: dict[str, Any] = field(default_factory=dict)
    """Who, with what, on which cores."""
    peers: dict[str, float] = field(default_factory=dict)
    """The median of each setup of the peer."""

    @property
    def ratio(self) -> float:
        """How many times as fast ours is."""
        return self.ours / self.peer

    def line(self) -> str:
        """For people; every setup of the peer has a line where there are several."""
        setup = ", ".join(f"{key} {value}" for key, value in self.setup.items())
        rates = f"{self.ours:>10,.0f}{self.peer:>10,.0f}{self.ratio:>7.2f}"
        others = [f"{'':<26}{rate:>10,.0f}{'':>9}{name}" for name, rate in self.peers.items()]
        first = f"{self.name:<16}{rates}  {self.unit}; {setup}"
        return "\n".join([first, *(others if len(others) > 1 else [])])

    def json(self) -> str:
        """For programs: one line."""
        setup = {
            **self.setup,
            "peers": self.peers,
            "machine": figures.machine(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        rates = {"unit": self.unit, "ours": self.ours, "peer": self.peer, "ratio": self.ratio}
        return json.dumps({"name": self.name, **rates, "setup": setup}, allow_nan=False)


HEADING = f"{'comparison':<16}{'ours':>10}{'peer':>10}{'ratio':>7}"


def alternate(sides: Sequence[Side], num_rounds: int) -> list[list[float]]:
    """Rates by side and round: A B C, A B C, ...; what the machine does besides meets all of them."""
    rounds = [[side(number) for side in sides] for number in range(num_rounds)]
    return [list(rates) for rates in zip(*rounds, strict=True)]


def best(peers: Mapping[str, Sequence[float]]) -> str:
    """The setup of the peer that is fastest by the median of its rounds."""
    return max(peers, key=lambda setup: statistics.median(peers[setup]))


def compare(
    name: str, unit: str, ours: Sequence[float], peers: Mapping[str, Sequence[float]], setup: dict[str, Any]
) -> Comparison:
    """Medians of ours and of the peer's best setup.

    ours: rates by round; peers: the same for each setup of the peer, by its description.
    """
    chosen = best(peers)
    medians = {setup: statistics.median(rates) for setup, rates in peers.items()}
    ratios = [our / their for our, their in zip(ours, peers[chosen], strict=True)]
    found = {"peer": chosen, "rounds": len(ratios), "ratios": f"{min(ratios):.2f} to {max(ratios):.2f}"}
    return Comparison(
        name=name,
        unit=unit,
        ours=statistics.median(ours),
        peer=medians[chosen],
        setup={**found, **setup},
        peers=medians,
    )
