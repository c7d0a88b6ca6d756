"""Ranks as processes on this machine, which start and end together."""

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

from alphazero.datasets import stream

_OTHERS_S = 0.5
"""Pause after a rank failed, in which ranks that fail because of it also end."""


class RankFailure(NamedTuple):
    """An error that ended a rank."""

    text: str
    is_users: bool  # a ValueError: the user's settings or files are wrong


class _Rank(NamedTuple):
    process: BaseProcess
    failures: connection.Connection


def run(work: Callable[..., None], count: int, arguments: tuple[Any, ...], stop: Any) -> None:
    """Runs work(number, address, stop, *arguments) in `count` processes until all have finished.

    address: rendezvous of the ranks on this machine. stop: an event of the spawn context. If one rank fails,
    all are ended. Raises ValueError for a mistake of the user, else RuntimeError, with one line.
    """
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="alphazero-") as folder:
        address = (Path(folder) / "rendezvous").as_uri()
        ranks = [_start(context, work, (number, address, stop, *arguments)) for number in range(count)]
        try:
            _watch(ranks)
        finally:
            for rank in ranks:
                rank.process.kill()
                rank.process.join()


def _start(context: Any, work: Callable[..., None], arguments: tuple[Any, ...]) -> _Rank:
    failures, sender = context.Pipe(duplex=False)
    name = f"rank {arguments[0]}"
    process = context.Process(target=_work, args=(work, sender, arguments), name=name)
    process.start()
    sender.close()
    return _Rank(process, failures)


def _work(work: Callable[..., None], failures: connection.Connection, arguments: tuple[Any, ...]) -> None:
    # The parent receives the signals and sets `stop` for all ranks, so that they stop at the same step.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stream.end_with_parent()
    try:
        work(*arguments)
    except ValueError as error:
        failures.send(RankFailure(str(error), is_users=True))
        raise SystemExit(1) from None
    except Exception as error:
        text = str(error).partition("\n")[0] or type(error).__name__
        failures.send(RankFailure(text, is_users=False))
        raise SystemExit(1) from None
    # Everything is saved. Threads of torch may abort a process during its clean-up ("terminate called without
    # an active exception", seen once in some hundred exits), which would look like a lost rank.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _watch(ranks: list[_Rank]) -> None:
    waiting = {rank.process.sentinel: rank for rank in ranks}
    while waiting:
        for sentinel in connection.wait(list(waiting)):
            rank = waiting.pop(int(sentinel))  # pyright: ignore[reportArgumentType]  integers on Linux
            rank.process.join()
            if rank.process.exitcode:
                time.sleep(_OTHERS_S)
                raise _explain(ranks)


def _explain(ranks: list[_Rank]) -> Exception:
    """The likely cause of all failures: a killed rank, else a user's mistake, else the first error."""
    failed = [(rank, _failure_of(rank)) for rank in ranks if rank.process.exitcode]
    for rank, failure in failed:
        if failure is None:
            code = rank.process.exitcode or 0
            ending = f"signal {-code}" if code < 0 else f"exit code {code}"
            return RuntimeError(f"{rank.process.name} ended by {ending}; run the same command again")
    for _, failure in failed:
        if failure is not None and failure.is_users:
            return ValueError(failure.text)
    rank, failure = failed[0]
    return RuntimeError(f"{rank.process.name}: {failure and failure.text}; run the same command again")


def _failure_of(rank: _Rank) -> RankFailure | None:
    with contextlib.suppress(EOFError, OSError):
        if rank.failures.poll():
            return rank.failures.recv()
    return None


@contextlib.contextmanager
def stop_on_signals(stop: Any) -> Iterator[None]:
    """In the `with` block, Ctrl-C and SIGTERM set the event `stop`; a second one raises KeyboardInterrupt."""

    def handle(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handle) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
