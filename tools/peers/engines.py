"""Comparison of our GTP engine with Leela Zero, `gtp.<net>.<n>t`: same weights, positions and threads."""

import contextlib
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from alphazero.engine_client import gtp_client
from alphazero.go import rules
from tools.peers import contest, environment, turns

SIZE = 19  # the only board size of Debian's Leela Zero
_OPENING_STONES = 8
_TIME_LIMIT_S = 900.0  # the first move may compile kernels on a busy machine
_STATISTICS = re.compile(r"(\d+) visits, \d+ nodes, (\d+) playouts, (\d+) n/s")

Measure = Callable[[gtp_client.GtpClient, int], float]
"""Lets an engine search a move with so many visits, and returns its simulations/s."""


class EngineSettings(NamedTuple):
    """Subject and length of the comparison."""

    weights: Path
    net_name: str
    threads: Sequence[int]
    cores: Sequence[int]  # at least as many as threads
    num_visits: int  # for each move
    engine_arguments: Sequence[str]  # of our engine; {threads} stands for the number of threads
    leelaz: str
    num_rounds: int


def find_leelaz(program: str | None) -> str:
    """Leela Zero's path; raises environment.Missing if it is not installed."""
    found = shutil.which(program or "leelaz") or (
        None if program else shutil.which("leelaz", path="/usr/games")
    )
    if found is None:
        raise environment.Missing(
            f"{program or 'leelaz'}: no such program; `apt-get install leela-zero` installs it"
        )
    return found


def compare(settings: EngineSettings) -> Iterator[contest.Comparison]:
    """One comparison for each number of threads; each engine has as many cores as threads."""
    for num_threads in settings.threads:
        cores = settings.cores[:num_threads]
        with contextlib.ExitStack() as stack:
            sides = []
            for command, measure in (
                (our_command(settings, num_threads), wall_clock_rate),
                (leelaz_command(settings, num_threads), own_rate),
            ):
                with turns.pinned(cores):
                    engine = stack.enter_context(gtp_client.GtpClient(command, time_limit_s=_TIME_LIMIT_S))
                play = Player(engine, settings.num_visits, measure)
                play(-1)
                sides.append(play)
            version = sides[1].engine.send("version")
            ours, peer = contest.alternate(sides, settings.num_rounds)
        setup = {
            "board": f"{SIZE}x{SIZE}",
            "threads": num_threads,
            "cores": num_threads,
            "visits": settings.num_visits,
            "weights": settings.weights.name,
            "our arguments": " ".join(our_arguments(settings, num_threads)) or "none",
        }
        name = f"gtp.{settings.net_name}.{num_threads}t"
        yield contest.compare(name, "playouts/s", ours, {f"Leela Zero {version}": peer}, setup)


def our_arguments(settings: EngineSettings, num_threads: int) -> list[str]:
    """The user's additional arguments for our engine."""
    return [argument.replace("{threads}", str(num_threads)) for argument in settings.engine_arguments]


def our_command(settings: EngineSettings, num_threads: int) -> list[str]:
    """Command of our engine, on the CPU."""
    command = [sys.executable, "-m", "alphazero.gtp", "--weights", str(settings.weights), "--device", "cpu"]
    return [*command, "--visits", str(settings.num_visits), *our_arguments(settings, num_threads)]


def leelaz_command(settings: EngineSettings, num_threads: int) -> list[str]:
    """Command of Leela Zero with the same number of new playouts a move; it does not resign or ponder."""
    options = ["--gtp", "--cpu-only", "--noponder", "-r", "0", "--timemanage", "off"]
    limits = ["-t", str(num_threads), "-p", str(settings.num_visits)]
    return [settings.leelaz, *options, *limits, "-w", str(settings.weights)]


class Player:
    """An engine that searches one new position in each round."""

    def __init__(
        self, engine: gtp_client.GtpClient, num_visits: int, measure: Measure, size: int = SIZE
    ) -> None:
        """measure: lets the engine search a move; its simulations/s."""
        self.engine = engine
        self._num_visits = num_visits
        self._measure = measure
        self._size = size

    def __call__(self, number: int) -> float:
        """Playouts/s of one move; the tree and the cache of earlier positions cannot be used."""
        self.engine.send("clear_board")
        for color, move in opening(number, self._size):
            self.engine.send(f"play {color} {move}")
        return self._measure(self.engine, self._num_visits)


def opening(number: int, size: int = SIZE) -> list[tuple[str, str]]:
    """Stones at random points, which depend on the number only."""
    points = np.random.default_rng(number + 1).permutation(size * size)[:_OPENING_STONES]
    return [("bw"[ply % 2], rules.format_move(int(point), size)) for ply, point in enumerate(points)]


def wall_clock_rate(engine: gtp_client.GtpClient, num_visits: int) -> float:
    """Simulations/s from the command to its answer."""
    start = time.perf_counter()
    engine.send("genmove b")
    return num_visits / (time.perf_counter() - start)


def own_rate(engine: gtp_client.GtpClient, _: int) -> float:
    """Playouts/s that Leela Zero reports for its last search; they exclude everything but the search."""
    engine.send("genmove b")
    engine.send("name")  # its answer follows all earlier messages
    return parse_rate(engine.last_stderr)


def parse_rate(messages: str) -> float:
    """The last playouts/s among Leela Zero's messages; raises ContestantFailed if there are none."""
    found = _STATISTICS.findall(messages)
    if not found:
        raise turns.ContestantFailed("Leela Zero did not report playouts/s")
    return float(found[-1][2])
