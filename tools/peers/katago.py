"""Comparison of our GTP engine with KataGo, `katago.<net>.<n>t`: same file, positions, visits and cores.

KataGo computes with OpenCL, with the parameters that it found fastest on this machine. Its search threads
share batches, so that it may be fastest with more of them than there are cores; its best number counts.
"""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from alphazero.engine_client import gtp_client
from tools import fetch_katago
from tools.peers import contest, engines, environment, turns

_TIME_LIMIT_S = 3600.0
"""Time for KataGo's first start with a network of a new width, in which it searches for its parameters."""


class KataGoSettings(NamedTuple):
    """Subject and length of the comparison."""

    weights: Path
    net_name: str
    size: int  # of the board
    threads: Sequence[int]
    cores: Sequence[int]  # at least as many as threads
    search_threads: Sequence[int]  # of KataGo, besides the number of cores
    num_visits: int  # for each move
    engine_arguments: Sequence[str]  # of our engine; {threads} stands for the number of threads
    num_rounds: int


def check_program() -> None:
    """Raises environment.Missing if KataGo cannot run here."""
    reason = fetch_katago.missing()
    if reason is not None:
        raise environment.Missing(reason)


def compare(settings: KataGoSettings) -> Iterator[contest.Comparison]:
    """One comparison for each number of threads; each engine has as many cores as threads."""
    for num_threads in settings.threads:
        commands = [our_command(settings, num_threads)]
        counts = sorted({num_threads, *settings.search_threads})
        commands += [katago_command(settings, count) for count in counts]
        with contextlib.ExitStack() as stack:
            sides = []
            for command in commands:
                with turns.pinned(settings.cores[:num_threads]):
                    engine = stack.enter_context(gtp_client.GtpClient(command, time_limit_s=_TIME_LIMIT_S))
                play = engines.Player(engine, settings.num_visits, engines.wall_clock_rate, settings.size)
                play(-1)
                sides.append(play)
            version = sides[1].engine.send("version")
            network = sides[0].engine.send("gomill-describe_engine").splitlines()[1]
            ours, *peers = contest.alternate(sides, settings.num_rounds)
        setup = {
            "board": f"{settings.size}x{settings.size}",
            "threads": num_threads,
            "cores": num_threads,
            "visits": settings.num_visits,
            "weights": settings.weights.name,
            "ours": network,
            "our arguments": " ".join(our_command(settings, num_threads)[5:]),
        }
        name = f"katago.{settings.net_name}.{num_threads}t"
        names = [f"KataGo {version}, numSearchThreads={count}" for count in counts]
        yield contest.compare(name, "visits/s", ours, dict(zip(names, peers, strict=True)), setup)


def our_command(settings: KataGoSettings, num_threads: int) -> list[str]:
    """Command of our engine, on the CPU."""
    command = [sys.executable, "-m", "alphazero.gtp", "--weights", str(settings.weights)]
    numbers = {"--visits": settings.num_visits, "--size": settings.size, "--threads": num_threads}
    options = [str(part) for option in numbers.items() for part in option]
    own = [argument.replace("{threads}", str(num_threads)) for argument in settings.engine_arguments]
    return [*command, "--device", "cpu", *options, *own]


def katago_command(settings: KataGoSettings, search_threads: int) -> list[str]:
    """Command of KataGo with the same number of visits a move."""
    numbers = {
        "maxVisits": settings.num_visits,
        "numSearchThreads": search_threads,
        "nnMaxBatchSize": max(8, search_threads),
        "defaultBoardSize": settings.size,
    }
    overrides = ",".join(f"{name}={number}" for name, number in numbers.items())
    command = [str(fetch_katago.program()), "gtp", "-model", str(settings.weights)]
    return [*command, "-config", str(fetch_katago.settings(tuned=True)), "-override-config", overrides]
