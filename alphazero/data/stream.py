"""Reader processes: batches are read, shuffled, turned and waiting before training asks for them.

Each reader owns a shard of the data (`shuffle.py`) and a bounded queue; batches are taken from the readers in
turn, so that their order does not depend on who is faster. A thread moves them into this process, which
finds them in its own memory.
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
from alphazero.data import damage as damages
from alphazero.data import shuffle

_QUEUED = 8
"""Batches that each reader may be ahead."""
_READY = 16
"""Batches that wait in this process."""
_POLL_S = 0.2


class _Parcel(NamedTuple):
    drawn: shuffle.Drawn
    damages: tuple[damages.Damage, ...]  # since the parcel before


class _Failure(NamedTuple):
    text: str
    is_users: bool  # a ValueError, which the user's data caused


class _Reader(NamedTuple):
    process: BaseProcess
    parcels: connection.Connection


class Stream:
    """Batches of one rank; `close` ends the readers."""

    def __init__(self, jobs: Sequence[shuffle.Job], places: Sequence[shuffle.Place] = ()) -> None:
        """Jobs: one for each reader. places: where an earlier stream of the same jobs stood."""
        self.places = list(places) or [shuffle.Place() for _ in jobs]
        """Where the readers stand after the batches that were taken."""
        self.waited_s = 0.0
        """How long `take` had to wait, in all."""
        self.damages: dict[tuple[object, ...], damages.Damage] = {}
        """What was left out; a file that is read again in each pass is told of once."""
        self._log = damages.Tally()
        self._turn = min(range(len(jobs)), key=lambda reader: self.places[reader].batches)
        self._ready: queue.Queue[_Parcel | _Failure] = queue.Queue(_READY)
        self._is_closing = threading.Event()
        self._readers = [_start(job, place) for job, place in zip(jobs, self.places, strict=True)]
        self._pump = threading.Thread(target=self._carry, name="batches", daemon=True)
        self._pump.start()

    @property
    def epochs(self) -> float:
        """Passes over the data that the taken batches make, mean over readers."""
        return sum(place.epochs for place in self.places) / len(self.places)

    def take(self) -> batches.Batch:
        """The next batch. ValueError: the data hold no position. RuntimeError: a reader is dead."""
        began = time.perf_counter()
        parcel = self._ready.get()
        self.waited_s += time.perf_counter() - began
        if isinstance(parcel, _Failure):
            self._ready.put(parcel)  # for whoever asks again
            raise (ValueError if parcel.is_users else RuntimeError)(parcel.text)
        self.places[self._turn] = parcel.drawn.place
        self._turn = (self._turn + 1) % len(self._readers)
        for damage in parcel.damages:
            self.note(damage)
        return parcel.drawn.batch

    def note(self, damage: damages.Damage) -> None:
        """Counts what was left out, and logs the first few of each kind."""
        key = (damage.path, damage.place, damage.reason)
        if key not in self.damages:
            self.damages[key] = damage
            self._log(damage)

    def close(self) -> None:
        """Ends the readers; what they had ready is lost, and read again by a stream that goes on."""
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

    def _next_of(self, reader: _Reader) -> _Parcel | _Failure | None:
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
    """Ends this process, which multiprocessing started, when its parent is gone, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "this process was started by itself"

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _start(job: shuffle.Job, place: shuffle.Place) -> _Reader:
    context = multiprocessing.get_context("spawn")
    parcels, sender = context.Pipe(duplex=False)
    name = f"reader {job.shard + 1}"
    process = context.Process(target=_serve, args=(job, place, sender), daemon=True, name=name)
    process.start()
    sender.close()  # so that the reader's end is the end of the pipe
    return _Reader(process, parcels)


def _serve(job: shuffle.Job, place: shuffle.Place, sender: connection.Connection) -> None:
    # Ctrl-C and SIGTERM may reach the whole group; the parent saves first and ends its readers itself.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    end_with_parent()
    parcels: queue.Queue[_Parcel | _Failure] = queue.Queue(_QUEUED)
    threading.Thread(target=_send, args=(parcels, sender), daemon=True).start()
    found: list[damages.Damage] = []
    try:
        for drawn in shuffle.draw(job, place, found.append):
            parcels.put(_Parcel(drawn, tuple(found)))
            found.clear()
    except ValueError as error:
        why = f" ({found[0]})" if found else ""
        parcels.put(_Failure(f"{error}{why}", is_users=True))
    except Exception as error:
        parcels.put(_Failure(f"a reader failed: {error!r}", is_users=False))
    threading.Event().wait()  # until the parent has heard of it and ends this process


def _send(parcels: "queue.Queue[_Parcel | _Failure]", sender: connection.Connection) -> None:
    try:
        while True:
            sender.send(parcels.get())
    except OSError:  # nobody is there any more
        os._exit(1)
