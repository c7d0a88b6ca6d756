"""Reader processes that read, shuffle and turn batches before training needs them.

Each reader has a shard of the data (`shuffle.py`) and a bounded queue. Batches are taken from the readers in
turn, so that their order does not depend on the speed of the readers. A thread moves them into the memory of
this process.
"""

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Sequence
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from alphazero.data import batch as batches
from alphazero.datasets import corruption, shuffle

_QUEUED = 8
"""Largest number of batches that wait in a reader."""
_READY = 16
"""Largest number of batches that wait in this process."""
_POLL_S = 0.2


class _Parcel(NamedTuple):
    drawn: shuffle.Drawn
    corruptions: tuple[corruption.Corruption, ...]  # since the previous parcel


class _Failure(NamedTuple):
    text: str
    is_users: bool  # a ValueError, caused by the user's data


class _ReaderProcess(NamedTuple):
    process: BaseProcess
    parcels: connection.Connection


class BatchStream:
    """The stream of batches for one rank. `close` ends the readers."""

    def __init__(self, jobs: Sequence[shuffle.Job], places: Sequence[shuffle.Place] = ()) -> None:
        """jobs: one for each reader. places: `places` of an earlier stream of the same jobs, to resume it."""
        self.places = list(places) or [shuffle.Place() for _ in jobs]
        """Places of the readers after the batches that were taken."""
        self.waited_s = 0.0
        """Total time that `take` has waited, in seconds."""
        self.corruptions: dict[tuple[object, ...], corruption.Corruption] = {}
        """Corruption found so far; a file that is read again in each pass is reported once."""
        self._log = corruption.CorruptionCounter()
        self._turn = min(range(len(jobs)), key=lambda reader: self.places[reader].batches)
        self._ready: queue.Queue[_Parcel | _Failure] = queue.Queue(_READY)
        self._is_closing = threading.Event()
        self._readers = [_start(job, place) for job, place in zip(jobs, self.places, strict=True)]
        self._pump = threading.Thread(target=self._carry, name="batches", daemon=True)
        self._pump.start()

    @property
    def epochs(self) -> float:
        """Passes over the data that the taken batches amount to, mean over readers."""
        return sum(place.epochs for place in self.places) / len(self.places)

    def take(self) -> batches.TrainingBatch:
        """The next batch. Raises ValueError if the data hold no position, RuntimeError if a reader died."""
        began = time.perf_counter()
        parcel = self._ready.get()
        self.waited_s += time.perf_counter() - began
        if isinstance(parcel, _Failure):
            self._ready.put(parcel)  # for the next call
            raise (ValueError if parcel.is_users else RuntimeError)(parcel.text)
        self.places[self._turn] = parcel.drawn.place
        self._turn = (self._turn + 1) % len(self._readers)
        for skipped in parcel.corruptions:
            self.note(skipped)
        return parcel.drawn.batch

    def note(self, skipped: corruption.Corruption) -> None:
        """Keeps new corruption, and logs the first few of each reason."""
        key = (skipped.path, skipped.place, skipped.reason)
        if key not in self.corruptions:
            self.corruptions[key] = skipped
            self._log(skipped)

    def close(self) -> None:
        """Ends the readers. Batches that wait are lost; a resumed stream reads them again."""
        self._is_closing.set()
        for reader in self._readers:
            reader.process.kill()
            reader.process.join()
        self._pump.join()
        for reader in self._readers:
            reader.parcels.close()

    def _carry(self) -> None:
        number = self._turn
        while not self._is_closing.is_set():
            parcel = self._next_of(self._readers[number % len(self._readers)])
            while parcel is not None and not self._is_closing.is_set():
                try:
                    self._ready.put(parcel, timeout=_POLL_S)
                    break
                except queue.Full:
                    continue
            if isinstance(parcel, _Failure):
                return
            number += 1

    def _next_of(self, reader: _ReaderProcess) -> _Parcel | _Failure | None:
        try:
            while not self._is_closing.is_set():
                if reader.parcels.poll(_POLL_S):
                    return reader.parcels.recv()
        except (EOFError, OSError):
            reader.process.join()
            code = reader.process.exitcode or 0
            ending = f"signal {-code}" if code < 0 else f"exit code {code}"
            return _Failure(f"{reader.process.name} ended by {ending}", is_users=False)
        return None


def end_with_parent() -> None:
    """Ends this process, which multiprocessing started, when its parent ends for any reason."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "this process was not started by multiprocessing"

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _start(job: shuffle.Job, place: shuffle.Place) -> _ReaderProcess:
    context = multiprocessing.get_context("spawn")
    parcels, sender = context.Pipe(duplex=False)
    name = f"reader {job.shard + 1}"
    process = context.Process(target=_serve, args=(job, place, sender), daemon=True, name=name)
    process.start()
    sender.close()  # so that the pipe closes when the reader ends
    return _ReaderProcess(process, parcels)


def _serve(job: shuffle.Job, place: shuffle.Place, sender: connection.Connection) -> None:
    # Ctrl-C and SIGTERM may reach the whole process group; the parent saves first, then ends its readers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_with_parent()
    parcels: queue.Queue[_Parcel | _Failure] = queue.Queue(_QUEUED)
    threading.Thread(target=_send, args=(parcels, sender), daemon=True).start()
    found: list[corruption.Corruption] = []
    try:
        for drawn in shuffle.draw(job, place, found.append):
            parcels.put(_Parcel(drawn, tuple(found)))
            found.clear()
    except ValueError as error:
        why = f" ({found[0]})" if found else ""
        parcels.put(_Failure(f"{error}{why}", is_users=True))
    except Exception as error:
        parcels.put(_Failure(f"a reader failed: {error!r}", is_users=False))
    threading.Event().wait()  # until the parent has received it and ends this process


def _send(parcels: "queue.Queue[_Parcel | _Failure]", sender: connection.Connection) -> None:
    try:
        while True:
            sender.send(parcels.get())
    except OSError:  # the parent has ended
        os._exit(1)
