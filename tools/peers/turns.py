"""Both ends of a contestant's pipe: a number of seconds goes in, what was done in them comes out.

Contestants take turns on the same cores. Each stays alive, compiled and idle until it is told to
play, so only playing is measured. The child's side needs nothing but Python: peers have an
environment of their own.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

PROJECT = Path(__file__).resolve().parents[2]


class Played(NamedTuple):
    """What one turn came to."""

    rate: float  # simulations/s of the wall clock, all processes together
    cpu_share: float  # seconds of processors over seconds of all cores: 1 where nothing was in the way


class ContestantFailed(Exception):
    """A contestant could not be started, died or hung; the text is one line."""


class Team:
    """Processes that play at the same time; `turn` is their common turn."""

    def __init__(self, name: str, lineup: Sequence[tuple[Sequence[str], Sequence[int]]]) -> None:
        """name: for messages. lineup: command and cores of each process."""
        self._name = name
        self._num_cores = len({core for _, cores in lineup for core in cores})
        self._members: list[_Member] = []
        try:
            for command, cores in lineup:
                self._members.append(_Member(name, command, cores))
            said = [member.receive() for member in self._members]
            self.facts = said[0]
            """What the first process says about itself."""
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Team":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def turn(self, seconds: float) -> Played:
        """All play for about `seconds`; a move that has begun is finished."""
        for member in self._members:
            member.send(seconds)
        said = [member.receive() for member in self._members]
        rate = sum(turn["simulations"] / turn["seconds"] for turn in said)
        longest = max(turn["seconds"] for turn in said)
        return Played(rate, sum(turn["cpu_s"] for turn in said) / longest / self._num_cores)

    def close(self) -> None:
        """Ends the processes."""
        for member in self._members:
            member.close()


class _Member:
    """One process of a team."""

    def __init__(self, team: str, command: Sequence[str], cores: Sequence[int]) -> None:
        self._team = team
        self._messages = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115, `close` closes it
        try:
            with pinned(cores):
                self._process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._messages,
                    text=True,
                    cwd=PROJECT,
                )
        except OSError as error:
            self._messages.close()
            raise ContestantFailed(f"{team}: {command[0]}: {error.strerror}") from None

    def send(self, seconds: float) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # `receive` will say why it has gone
            self._process.stdin.write(f"{seconds}\n")
            self._process.stdin.flush()

    def receive(self, limit_s: float = 900.0) -> dict[str, Any]:
        """Its next line of JSON; the limit leaves time to compile on a busy machine."""
        assert self._process.stdout is not None
        watchdog = threading.Timer(limit_s, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            code = self._process.wait()
            raise ContestantFailed(f"{self._team}: ended with exit code {code}: {self._last_message()}")
        return json.loads(line)

    def _last_message(self) -> str:
        self._messages.seek(0)
        lines = [line.strip() for line in self._messages if line.strip()]
        return lines[-1][:300] if lines else "it said nothing"

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        self._messages.close()


@contextlib.contextmanager
def pinned(cores: Sequence[int]) -> Iterator[None]:
    """Processes that are started inside run on these cores only, with all of their threads."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def serve(play: Callable[[], int], facts: Mapping[str, object], *, lines: TextIO, output: TextIO) -> None:
    """The child's side, until `lines` end: says `facts`, then plays for as long as each line says.

    play: some work, warm; returns its simulations.
    """
    print(json.dumps(facts), file=output, flush=True)
    for line in lines:
        done, start, cpu_start = 0, time.perf_counter(), time.process_time()
        while not done or time.perf_counter() - start < float(line):
            done += play()
        seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu_start
        turn = {"simulations": done, "seconds": seconds, "cpu_s": cpu_s}
        print(json.dumps(turn), file=output, flush=True)


def claim_stdout() -> TextIO:
    """stdout for answers alone: whatever libraries print goes to stderr from now on."""
    claimed = os.fdopen(os.dup(1), "w")
    os.dup2(sys.stderr.fileno(), 1)
    return claimed
