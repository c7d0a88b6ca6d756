"""Both ends of the pipe to a compared program: seconds to play go in, rates come out.

The programs take turns on the same cores. Between turns each one stays alive, compiled and idle, so that only
self-play is measured. The child's side needs Python alone, because peers have a separate environment.
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


class TurnResult(NamedTuple):
    """Result of one turn."""

    rate: float  # simulations per second of wall-clock time, all processes together
    cpu_share: float  # CPU time over the time of all cores: 1 if no other program ran


class ContestantFailed(Exception):
    """A program could not be started, died or hung; the message is one line."""


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
            """Facts that the first process reports."""
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Team":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def turn(self, seconds: float) -> TurnResult:
        """Lets all processes play for about `seconds`; each finishes the move that it has begun."""
        for member in self._members:
            member.send(seconds)
        said = [member.receive() for member in self._members]
        rate = sum(turn["simulations"] / turn["seconds"] for turn in said)
        longest = max(turn["seconds"] for turn in said)
        return TurnResult(rate, sum(turn["cpu_s"] for turn in said) / longest / self._num_cores)

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
        with contextlib.suppress(BrokenPipeError):  # `receive` reports the reason
            self._process.stdin.write(f"{seconds}\n")
            self._process.stdin.flush()

    def receive(self, limit_s: float = 900.0) -> dict[str, Any]:
        """The process's next line of JSON; the limit leaves time to compile on a busy machine."""
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
        return lines[-1][:300] if lines else "no message"

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
    """Pins processes that are started inside, with all their threads, to these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def serve(play: Callable[[], int], facts: Mapping[str, object], *, lines: TextIO, output: TextIO) -> None:
    """Runs the child's side until `lines` end: writes `facts`, then plays for the seconds in each line.

    play: does a piece of work and returns its number of simulations; everything is compiled.
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
    """Reserves stdout for results, and redirects what libraries print to stderr."""
    claimed = os.fdopen(os.dup(1), "w")
    os.dup2(sys.stderr.fileno(), 1)
    return claimed
