"""Error rates and lengths of the gate's sequential test: python -m tools.simulate_gates.

No games are played: synthetic players of known strength win, draw and lose pairs of games with given
probabilities. Each row of the table summarizes --gates gates between players with the given true difference.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import optimize

from alphazero.config import command_line
from alphazero.config import gate as gate_config
from alphazero.evaluation import gate_match, ratings, sprt

DEFAULT = gate_match.test_of(gate_config.GateConfig())
"""The default test of a run."""


class SimulatedPlayers(NamedTuple):
    """A kind of synthetic players."""

    name: str
    draws: float  # share of drawn games between equals
    opening_elo: float  # standard deviation of an opening's value to Black, in Elo


PLAYERS = (
    SimulatedPlayers("no draws, fair openings", 0.0, 0.0),
    SimulatedPlayers("some draws, biased openings", 0.1, 200.0),
    SimulatedPlayers("many draws", 0.4, 100.0),
)


class GateStatistics(NamedTuple):
    """Results of many gates."""

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
    test: sprt.Test, players: SimulatedPlayers, difference: float, count: int, rng: np.random.Generator
) -> GateStatistics:
    """Simulates gates; `difference` is the Elo that corresponds to the mean share of the points."""
    strength = _strength(players, difference)
    results = [test.decide(draw_pairs(players, strength, test.max_pairs, rng)) for _ in range(count)]
    return GateStatistics(
        promoted=float(np.mean([result.decision is sprt.Decision.better for result in results])),
        mean_games=2 * float(np.mean([result.num_pairs for result in results])),
        at_most=float(np.mean([result.num_pairs == test.max_pairs for result in results])),
    )


def draw_pairs(
    players: SimulatedPlayers, strength: float, count: int, rng: np.random.Generator
) -> list[float]:
    """Points in each pair of the player who is stronger by `strength` Elo on fair openings."""
    bias = rng.normal(0, players.opening_elo, count)
    points = np.zeros(count)
    for sign in (1, -1):
        win, draw = _chances(players, strength + sign * bias)
        luck = rng.random(count)
        points += np.where(luck < win, 1.0, np.where(luck < win + draw, 0.5, 0.0))
    return points.tolist()


def _chances(players: SimulatedPlayers, difference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a win and of a draw; draws become rare if the difference is large."""
    share = 1 / (1 + 10 ** (-difference / 400))
    draw = np.minimum(players.draws, 2 * np.minimum(share, 1 - share))
    return share - draw / 2, draw


def _strength(players: SimulatedPlayers, difference: float) -> float:
    """The strength on fair openings that gives the same mean share of the points as `difference`."""
    if not players.opening_elo:
        return difference
    # The values of openings lie on a grid, so that the result is not random.
    grid = np.linspace(-4, 4, 801)
    density = np.exp(-(grid**2) / 2)

    def excess(strength: float) -> float:
        shares = 1 / (1 + 10 ** (-(strength + players.opening_elo * grid) / 400))
        return float(np.average(shares, weights=density)) - ratings.to_score(difference)

    return float(optimize.root_scalar(excess, bracket=(-4000, 4000)).root)


if __name__ == "__main__":
    sys.exit(main())
