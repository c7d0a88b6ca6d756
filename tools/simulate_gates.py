"""Error rates and lengths of the gate's sequential test: python -m tools.simulate_gates.

No games are played: synthetic players of known strength win, draw and lose pairs of games with given chances.
Each row of the table is so many gates of players whose true difference is the one given, as a share of
the points.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize

from alphazero.config import command_line
from alphazero.config import gate as gate_config
from alphazero.evaluation import elo, gate_match, sprt

DEFAULT = gate_match.test_of(gate_config.GateConfig())
"""The test of a run whose settings name none."""


class Players(NamedTuple):
    """A kind of synthetic players."""

    name: str
    draws: float  # share of drawn games between equals
    opening_elo: float  # standard deviation of what an opening is worth to Black, in Elo


PLAYERS = (
    Players("no draws, fair openings", 0.0, 0.0),
    Players("some draws, biased openings", 0.1, 200.0),
    Players("many draws", 0.4, 100.0),
)


class Outcome(NamedTuple):
    """What so many gates did."""

    promoted: float  # share
    mean_games: float
    at_most: float  # share that lasted to the maximum


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 2 for bad arguments."""
    rule = gate_config.GateConfig()
    parser = command_line.Parser(
        prog="python -m tools.simulate_gates", description=(__doc__ or "").partition("\n\n")[0]
    )
    add = parser.add_argument
    add("--gates", type=command_line.whole_number(1, 1_000_000), default=10_000, help="in each row")
    for name in ("elo0", "elo1", "alpha", "beta"):
        add(f"--{name}", type=float, default=getattr(rule, name))
    for name in ("min_games", "num_games"):
        add(f"--{name.replace('_', '-')}", type=int, default=getattr(rule, name))
    add("--seed", type=command_line.whole_number(0, 2**31), default=0)
    options = parser.parse_args(arguments)
    try:
        chosen = {name: getattr(options, name) for name in vars(options) if hasattr(rule, name)}
        test = gate_match.test_of(gate_config.GateConfig(**chosen))
    except ValueError as error:
        parser.error(str(error))
    _print_table(test, options)
    return 0


def _print_table(test: sprt.Test, options: argparse.Namespace) -> None:
    rng = np.random.default_rng(options.seed)
    print(f"{'players':30} {'Elo':>5} {'promoted':>9} {'games':>7} {'to the maximum':>15}")
    for players in PLAYERS:
        for difference in (test.elo0, (test.elo0 + test.elo1) / 2, test.elo1, 2 * test.elo1):
            found = simulate(test, players, difference, options.gates, rng)
            print(
                f"{players.name:30} {difference:5.0f} {100 * found.promoted:8.2f}% {found.mean_games:7.1f} "
                f"{100 * found.at_most:14.1f}%",
                flush=True,
            )


def simulate(
    test: sprt.Test, players: Players, difference: float, count: int, rng: np.random.Generator
) -> Outcome:
    """So many gates; `difference` in Elo is what the mean share of the points says."""
    strength = _strength(players, difference)
    verdicts = [test.decide(draw_pairs(players, strength, test.max_pairs, rng)) for _ in range(count)]
    return Outcome(
        promoted=float(np.mean([verdict.decision is sprt.Decision.better for verdict in verdicts])),
        mean_games=2 * float(np.mean([verdict.num_pairs for verdict in verdicts])),
        at_most=float(np.mean([verdict.num_pairs == test.max_pairs for verdict in verdicts])),
    )


def draw_pairs(players: Players, strength: float, count: int, rng: np.random.Generator) -> list[float]:
    """Points of so many pairs for the one who is stronger by `strength` Elo on fair openings."""
    bias = rng.normal(0, players.opening_elo, count)
    points = np.zeros(count)
    for sign in (1, -1):
        win, draw = _chances(players, strength + sign * bias)
        luck = rng.random(count)
        points += np.where(luck < win, 1.0, np.where(luck < win + draw, 0.5, 0.0))
    return points.tolist()


def _chances(players: Players, difference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of a win and of a draw; draws become rare where the difference is large."""
    share = 1 / (1 + 10 ** (-difference / 400))
    draw = np.minimum(players.draws, 2 * np.minimum(share, 1 - share))
    return share - draw / 2, draw


def _strength(players: Players, difference: float) -> float:
    """The strength on fair openings whose mean share of the points is that of `difference`."""
    if not players.opening_elo:
        return difference
    # The openings' worth on a grid, so that the answer does not depend on chance.
    grid = np.linspace(-4, 4, 801)
    density = np.exp(-(grid**2) / 2)

    def excess(strength: float) -> float:
        shares = 1 / (1 + 10 ** (-(strength + players.opening_elo * grid) / 400))
        return float(np.average(shares, weights=density)) - elo.to_score(difference)

    return float(optimize.root_scalar(excess, bracket=(-4000, 4000)).root)


if __name__ == "__main__":
    sys.exit(main())
