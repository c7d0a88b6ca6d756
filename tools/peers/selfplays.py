"""Comparison of our self-play with pgx + mctx on the same cores, `selfplay.<net>`."""

import contextlib
import statistics
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from alphazero.config import net as net_config
from tools.peers import contest, turns

Lineup = list[tuple[list[str], Sequence[int]]]
"""Command and cores of each process."""


class SelfPlaySettings(NamedTuple):
    """Subject and length of the comparison."""

    nets: Sequence[net_config.NetConfig]
    cores: Sequence[int]
    num_simulations: int  # a move
    num_games: int  # in each of our processes
    peer_games: Sequence[int]  # in all processes of the peer; the best choice counts
    peer_processes: Sequence[int]  # on all cores; the best choice counts
    peers_python: Path
    peer_name: str  # with versions
    num_rounds: int
    seconds: float  # a turn


class _Contestant:
    """A team with its shares of CPU time."""

    def __init__(self, team: turns.Team, seconds: float) -> None:
        self.facts = team.facts
        self._team = team
        self._seconds = seconds
        self._cpu_shares: list[float] = []

    def side(self, _: int) -> float:
        """One turn."""
        played = self._team.turn(self._seconds)
        self._cpu_shares.append(played.cpu_share)
        return played.rate

    @property
    def cpu_share(self) -> float:
        """Median share of the cores' time."""
        return round(statistics.median(self._cpu_shares), 2)


def compare(settings: SelfPlaySettings) -> Iterator[contest.Comparison]:
    """One comparison for each network.

    Ours: one process with one math thread for each core. The peer: its fastest numbers of processes and
    games; JAX uses all the cores of each process.
    """
    for net in settings.nets:
        with contextlib.ExitStack() as stack:
            ours = _enter(stack, "our self-play", our_lineup(net, settings), settings)
            peers = {
                f"{settings.peer_name}, {games} games in {processes} processes": _enter(
                    stack, settings.peer_name, peer_lineup(net, settings, games, processes), settings
                )
                for games in settings.peer_games
                for processes in settings.peer_processes
            }
            yield _contest(net, settings, ours, peers)


def _enter(stack: contextlib.ExitStack, name: str, lineup: Lineup, settings: SelfPlaySettings) -> _Contestant:
    return _Contestant(stack.enter_context(turns.Team(name, lineup)), settings.seconds)


def _contest(
    net: net_config.NetConfig, settings: SelfPlaySettings, ours: _Contestant, peers: dict[str, _Contestant]
) -> contest.Comparison:
    sides = [ours.side, *(peer.side for peer in peers.values())]
    our_rates, *peer_rates = contest.alternate(sides, settings.num_rounds)
    rates = dict(zip(peers, peer_rates, strict=True))
    setup = {
        "board": "9x9",
        "simulations": settings.num_simulations,
        "cores": len(settings.cores),
        "our backend": ours.facts["backend"],
        "our games": f"{settings.num_games} in each of {len(settings.cores)} processes",
        # A value well below 1 means that other programs were running.
        "our share of the cores": ours.cpu_share,
        "peer's": peers[contest.best(rates)].cpu_share,
        "seconds a turn": settings.seconds,
    }
    return contest.compare(f"selfplay.{net.name}", "simulations/s", our_rates, rates, setup)


def our_lineup(net: net_config.NetConfig, settings: SelfPlaySettings) -> Lineup:
    """A process for each core, not pinned, as in a run."""
    common = [net.name, str(settings.num_games), str(settings.num_simulations)]
    command = ["env", "OMP_NUM_THREADS=1", sys.executable, "-m", "tools.peers.ours", *common]
    return [([*command, str(seed)], settings.cores) for seed in range(len(settings.cores))]


def peer_lineup(
    net: net_config.NetConfig, settings: SelfPlaySettings, num_games: int, num_processes: int
) -> Lineup:
    """Processes with equal shares of the games, each pinned to its own cores."""
    numbers = (net.blocks, net.filters, num_games // num_processes, settings.num_simulations)
    command = [str(settings.peers_python), "-m", "tools.peers.pgx_mctx", *map(str, numbers)]
    return [(command, settings.cores[first::num_processes]) for first in range(num_processes)]
