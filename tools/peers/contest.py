"""Comparisons in rounds, in which the programs take turns; medians, because some turns are disturbed."""

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alphazero.benchmarks import measurement

Side = Callable[[int], float]
"""One turn of a program: its rate in the given round, counted from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Our program compared with a peer."""

    name: str
    """Name, such as "selfplay.b4c32"."""
    unit: str
    ours: float
    """Our median over the rounds."""
    peer: float
    """Median over the rounds of the peer's best setup."""
    setup: dict[str, Any] = field(default_factory=dict)
    """Programs, settings and cores."""
    peers: dict[str, float] = field(default_factory=dict)
    """Median of each setup of the peer."""

    @property
    def ratio(self) -> float:
        """Our rate over the peer's."""
        return self.ours / self.peer

    def line(self) -> str:
        """Text for people; if the peer has several setups, each has a line."""
        setup = ", ".join(f"{key} {value}" for key, value in self.setup.items())
        rates = f"{self.ours:>10,.0f}{self.peer:>10,.0f}{self.ratio:>7.2f}"
        others = [f"{'':<26}{rate:>10,.0f}{'':>9}{name}" for name, rate in self.peers.items()]
        first = f"{self.name:<16}{rates}  {self.unit}; {setup}"
        return "\n".join([first, *(others if len(others) > 1 else [])])

    def json(self) -> str:
        """One line of JSON."""
        setup = {
            **self.setup,
            "peers": self.peers,
            "machine": measurement.machine(),
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        rates = {"unit": self.unit, "ours": self.ours, "peer": self.peer, "ratio": self.ratio}
        return json.dumps({"name": self.name, **rates, "setup": setup}, allow_nan=False)


HEADING = f"{'comparison':<16}{'ours':>10}{'peer':>10}{'ratio':>7}"


def alternate(sides: Sequence[Side], num_rounds: int) -> list[list[float]]:
    """Rates by side and round, in the order A B C, A B C, ...; other load then affects all sides."""
    rounds = [[side(number) for side in sides] for number in range(num_rounds)]
    return [list(rates) for rates in zip(*rounds, strict=True)]


def best(peers: Mapping[str, Sequence[float]]) -> str:
    """The peer's setup with the highest median of its rounds."""
    return max(peers, key=lambda setup: statistics.median(peers[setup]))


def compare(
    name: str, unit: str, ours: Sequence[float], peers: Mapping[str, Sequence[float]], setup: dict[str, Any]
) -> Comparison:
    """Compares our median with that of the peer's best setup.

    ours: rates by round. peers: the same for each setup of the peer, by its description.
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
